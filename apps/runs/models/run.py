"""Runs and their journal. Only `claims/writing.py` writes a run's cursor columns.

Who moves a run to what, and by which verb:

    an event ── starting.start_due ──▶ wherever its first walk stops (apply)
    ready, waiting ── claiming.claim_due ─────▶ working        walked to a call; else apply's stop, below
    waiting ── resuming.resume_waiting ───────▶ (apply)        the event that it waited for came
    (apply) = working: at a call · waiting: at a wait · ready: walked far enough for one round · completed, failed
    working ── settling.settle ───────────────▶ (apply)        the answer was read
                                              ▶ ready          to be tried again later
                                              ▶ reconciling    the answer was lost, at most once
    working ── settling.give_back ────────────▶ ready          it could not be called here
    working ── recovery.reclaim_expired_leases▶ ready          the worker died; idempotent
                                              ▶ reconciling    the worker died; at most once
                                              ▶ failed         the third worker that died with it
    reconciling ── settling.settle ───────────▶ (apply)        a late answer still counts
    reconciling ── recovery ──────────────────▶ ready          after 120 s, by the outlet *unknown*
                                              ▶ needs_attention   there is no such outlet
    ready, waiting ── quarantine.record_failure ▶ failed       an error of ours, three times
    reconciling, needs_attention ── interventions.resolve ─▶ ready, completed, failed    a person's verdict
    any but over ── interventions.cancel ─────▶ cancelled      a person stops it
    any but over ── interventions.end_early ──▶ completed      what ends its journey came

Locks are taken in this order: workflow, version, run, window (or count, or wait), connection's limiter. Inside a
transaction run: all of `claims/writing`, `coordination`, `interpreter.resume_with_*`, `journal.claim_deliveries`.
"""

from django.db import models
from django.db.models import Q

from apps.common.ids import ordered_id
from apps.events.models import Event
from apps.workflows.models import Version, Workflow
from apps.workspaces.models import Owned

DUE = ["ready", "waiting", "reconciling"]
HELD = ["working", "needs_attention"]
OVER = ["completed", "failed", "cancelled"]
AWAITING_VERDICT = ["reconciling", "needs_attention"]  # a late answer still counts: the token is kept
MAY_HAVE_TOKEN = Q(token__isnull=True) | Q(state__in=AWAITING_VERDICT)


class Run(Owned):
    """One execution of one version. The cursor, the lease and the due time lie here."""

    class State(models.TextChoices):
        READY = "ready", "about to run"
        WORKING = "working", "running"
        WAITING = "waiting"
        RECONCILING = "reconciling", "being checked"
        NEEDS_ATTENTION = "needs_attention", "needs attention"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Policy(models.TextChoices):
        """The words of `Call.policy`, stored by their first names."""

        IDEMPOTENT = "safe", "idempotent"
        AT_MOST_ONCE = "once", "at most once"

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs")
    environment = models.CharField(max_length=10, help_text="Of its event: test or live.")
    person_id = models.UUIDField(null=True, help_text="Whom it is about: that of its event.")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="runs", help_text="What it began with.")
    state = models.CharField("status", max_length=20, choices=State, help_text="See the diagram in the code.")
    node = models.CharField(max_length=50, blank=True, help_text="The block at which it stands.")
    visit = models.PositiveIntegerField(default=1, help_text="Which time it comes to that block, from 1.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="Which try of its call, from 1; 0: none yet.")
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that died, and errors of ours, at this block; the third ends the run."
    )
    policy = models.CharField(
        max_length=10, blank=True, choices=Policy, help_text="Of the call under way: whether it may be made again."
    )
    token = models.UUIDField(
        null=True, help_text="Of who holds it; kept while a verdict is awaited, for the holder's answer may come late."
    )
    lease_until = models.DateTimeField(null=True, help_text="Until when its holder has it to itself.")
    due_at = models.DateTimeField(null=True, help_text="When somebody is to take it up.")
    steps_done = models.PositiveIntegerField(default=0, help_text="Rows of its journal.")
    code = models.CharField(max_length=50, blank=True, help_text="How it ended, in a word of whoever drew it.")
    error = models.CharField(max_length=500, blank=True, help_text="What went wrong last, in a sentence.")
    created_at = models.DateTimeField(help_text="When its event was taken up.")
    ended_at = models.DateTimeField(null=True, help_text="When it was over.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "event"], name="one_run_per_event"),
            models.CheckConstraint(
                name="run_working_has_token",
                condition=Q(state="working", token__isnull=False, lease_until__isnull=False)
                | (
                    ~Q(state="working")
                    & Q(lease_until__isnull=True)
                    & (Q(token__isnull=True) | Q(state__in=AWAITING_VERDICT))
                ),
            ),
            models.CheckConstraint(
                name="run_times_fit_state",
                condition=Q(state__in=DUE, due_at__isnull=False, ended_at__isnull=True)
                | Q(state__in=HELD, due_at__isnull=True, ended_at__isnull=True)
                | Q(state__in=OVER, due_at__isnull=True, ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "due_at"], condition=Q(state__in=["ready", "waiting"]), name="run_due"),
            models.Index(fields=["due_at"], condition=Q(state="reconciling"), name="run_reconciling"),
            models.Index(fields=["workspace"], condition=Q(state="needs_attention"), name="run_needs_attention"),
            models.Index(
                fields=["workspace", "state", "-id"],
                condition=Q(state__in=["failed", "cancelled"]),
                name="run_ended_badly",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="working"), name="run_leased"),
            models.Index(fields=["workspace", "-id"], name="run_of_workspace"),
            models.Index(fields=["workflow", "-id"], name="run_of_workflow"),
            models.Index(fields=["person_id", "-id"], condition=Q(person_id__isnull=False), name="run_of_person"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Step(models.Model):
    """One thing that happened at a node; append-only."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    seq = models.PositiveIntegerField(help_text="From 1, without gaps.")
    node = models.CharField(max_length=50, help_text="The block at which it happened.")
    visit = models.PositiveIntegerField(default=1, help_text="Which time the run came to that block, from 1.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="Which try of a call; 0: no call.")
    outcome = models.CharField(max_length=20, help_text="In a word; the glossary in docs/ says what each means.")
    outlet = models.CharField(max_length=50, blank=True, help_text="By which way out it was left.")
    input = models.JSONField(default=dict, help_text="What was sent, secrets taken out.")
    output = models.JSONField(default=dict, help_text="What later blocks can read; of a wait, its memo.")
    why = models.TextField(blank=True, help_text="A sentence for people.")
    http_status = models.PositiveSmallIntegerField(null=True, help_text="Of the answer, if there was one.")
    started_at = models.DateTimeField(help_text="When its call began.")
    ended_at = models.DateTimeField(help_text="When it was written.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_step_per_seq")]

    def __str__(self) -> str:
        return f"{self.seq}. {self.node} {self.outcome}"
