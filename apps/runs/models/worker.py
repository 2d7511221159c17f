"""Processes that work, who alone does what several could, and when what must go on happened last."""

from datetime import datetime, timedelta

from django.db import models

from apps.common.ids import ordered_id

SILENT = timedelta(seconds=45)  # a worker that said nothing for so long must be gone


class Worker(models.Model):
    """A process with a machine, as it last said of itself; see `heartbeat.py`."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    hands = models.PositiveSmallIntegerField()
    busy = models.PositiveIntegerField(help_text="Runs in its hands.")
    message_hands = models.PositiveSmallIntegerField()
    message_busy = models.PositiveIntegerField(help_text="Messages in its hands.")
    clock_off_s = models.FloatField(default=0, help_text="How far its own clock is behind the database's, in seconds.")
    # Words with spaces between
    unreached = models.TextField(db_default="", help_text="Hosts that it could not connect to when it tried last.")
    unread = models.TextField(db_default="", help_text="Keys of what it could not decrypt in the last minutes.")

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    def is_lost(self, now: datetime) -> bool:
        return now - self.seen_at > SILENT


class Leader(models.Model):
    """Who alone does what several processes could, until its lease ends."""

    name = models.CharField(max_length=20, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Beat(models.Model):
    """When something that must go on happened last; read by the health page."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def mark(cls, name: str, now: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": now})
