"""Runs and their journal. Only `transitions.py` writes a run's cursor columns."""

from django.db import models
from django.db.models import Q

from apps.common.ids import ordered_id
from apps.events.models import Event
from apps.workflows.models import Version, Workflow
from apps.workspaces.models import Owned

DUE = ["ready", "waiting", "reconciling"]
HELD = ["working", "needs_attention"]
OVER = ["completed", "failed", "cancelled"]
ASKED = ["reconciling", "needs_attention"]  # a late answer still counts: the token is kept


class Run(Owned):
    """One execution of one version. The cursor, the lease and the due time lie here."""

    class State(models.TextChoices):
        READY = "ready"
        WORKING = "working"
        WAITING = "waiting"
        RECONCILING = "reconciling"
        NEEDS_ATTENTION = "needs_attention", "needs attention"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs")
    environment = models.CharField(max_length=10)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField("status", max_length=20, choices=State)
    node = models.CharField(max_length=50, blank=True)
    visit = models.PositiveIntegerField(default=1)
    attempt = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    policy = models.CharField(max_length=10, blank=True)
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    steps_done = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=50, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "event"], name="one_run_per_event"),
            models.CheckConstraint(
                name="run_working_has_token",
                condition=Q(state="working", token__isnull=False, lease_until__isnull=False)
                | (~Q(state="working") & Q(lease_until__isnull=True) & (Q(token__isnull=True) | Q(state__in=ASKED))),
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
            models.Index(fields=["lease_until"], condition=Q(state="working"), name="run_leased"),
            models.Index(fields=["workspace", "-id"], name="run_of_workspace"),
            models.Index(fields=["workflow", "-id"], name="run_of_workflow"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Step(models.Model):
    """One thing that happened at a node; append-only."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    seq = models.PositiveIntegerField()
    node = models.CharField(max_length=50)
    visit = models.PositiveIntegerField(default=1)
    attempt = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=20)
    outlet = models.CharField(max_length=50, blank=True)
    input = models.JSONField(default=dict)
    output = models.JSONField(default=dict)
    why = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_step_per_seq")]

    def __str__(self) -> str:
        return f"{self.seq}. {self.node} {self.outcome}"
