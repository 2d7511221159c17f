"""What several runs share. Only transactions of `claims` write these rows, beside the runs that ask.

Tables that were renamed since keep their first names, so that old processes go on during an upgrade.
"""

import hashlib

from django.db import models
from django.db.models import Q

from apps.common.ids import ordered_id
from apps.runs.models.run import Run
from apps.workflows.models import Workflow
from apps.workspaces.models import Owned

MAX_KEY_SHOWN = 200


def hashed(*parts: str) -> str:
    """A key of any length as 64 characters."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class AtBlock(Owned):
    """Something that a block of a workflow keeps for a key, apart for each environment."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+", db_index=False)
    environment = models.CharField(max_length=10)
    node = models.CharField(max_length=50)
    key = models.CharField(max_length=MAX_KEY_SHOWN, help_text="Its first characters, for people.")
    key_hash = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.node}: {self.key}"


class DigestWindow(AtBlock):
    """What a digest gathers for a key until its time; its run goes on with all of it: who opened it, or an heir."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="windows")
    open = models.BooleanField(default=True)
    until = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    head = models.JSONField(default=dict)
    tail = models.JSONField(default=dict)
    sums = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "environment", "node", "key_hash"],
                condition=Q(open=True),
                name="one_open_window_per_key",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-id"], name="window_of_workspace")]


class DigestItem(models.Model):
    """What one run brought into a window, as long as that is open: its data is its event's body."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    window = models.ForeignKey(DigestWindow, on_delete=models.CASCADE, related_name="items")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="digested")
    sums = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.run_id)


class ThrottleCount(AtBlock):
    """When runs were let pass by a throttle, as Unix seconds, newest last."""

    times = models.JSONField(default=list)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "runs_admission"
        constraints = [
            models.UniqueConstraint(fields=["workflow", "environment", "node", "key_hash"], name="one_count_per_key"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="admission_of_workspace"),
            models.Index(fields=["last_at"], name="admission_by_age"),
        ]


class EventWait(Owned):
    """A run that waits for an event. Where it truly stands its cursor says; this is how the event finds it."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="event_waits")
    environment = models.CharField(max_length=10)
    node = models.CharField(max_length=50)
    visit = models.PositiveIntegerField()
    name = models.CharField(max_length=50)
    match = models.JSONField(default=dict)
    paths = models.CharField(max_length=600, db_default="", help_text="Where the event must have something, sorted.")
    key_hash = models.CharField(max_length=65, help_text="Of all that it must have: see `event_waits.py`.")
    open = models.BooleanField(default=True)
    event_id = models.UUIDField(null=True, help_text="What it received. A plain id: events are purged apart.")

    class Meta:
        db_table = "runs_listening"
        constraints = [
            models.UniqueConstraint(fields=["run"], condition=Q(open=True), name="one_open_listening_per_run"),
            models.UniqueConstraint(fields=["run", "event_id"], name="an_event_counts_once_in_a_run"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "environment", "name", "paths", "key_hash"],
                condition=Q(open=True),
                name="listening_by_paths",
            ),
            models.Index(
                fields=["workspace", "environment", "name", "key_hash"], condition=Q(open=True), name="listening_for"
            ),
            models.Index(fields=["event_id"], condition=Q(event_id__isnull=False), name="listening_heard"),
            models.Index(fields=["workspace", "-id"], name="listening_of_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} for {self.name}"
