"""What was: the bounded record of events and of what became of them, and who is at work."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class JournalEntry(models.Model):
    """One event as the tap saw it."""

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=120, db_index=True)
    source = models.CharField(max_length=120, blank=True, db_index=True)
    """The service that published it, as it says itself."""
    correlation_id = models.CharField(max_length=255, db_index=True)
    causation_id = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField()
    seen = models.DateTimeField(db_index=True)
    payload = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    headers = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return self.event_id


class Outcome(models.Model):
    """What one service last did with one event."""

    event_id = models.CharField(max_length=255)
    event_type = models.CharField(max_length=120)
    service = models.CharField(max_length=120)
    outcome = models.CharField(max_length=16)
    """`handled`, `retried`, `dead` or `returned`."""
    attempts = models.PositiveIntegerField(default=0)
    ms = models.FloatField(default=0)
    error = models.TextField(blank=True)
    worker = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-at",)
        constraints = [models.UniqueConstraint(fields=("event_id", "service"), name="one_outcome")]

    def __str__(self) -> str:
        return f"{self.service} {self.outcome} {self.event_id}"

    @property
    def last_line(self) -> str:
        """The error itself, without the way to it."""
        return self.error.strip().rpartition("\n")[2]


class WorkerPresence(models.Model):
    """A running worker process that announced itself."""

    worker = models.CharField(max_length=255, unique=True)
    service = models.CharField(max_length=120, db_index=True)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    subscriptions = models.JSONField(default=list)
    paused = models.JSONField(default=list)
    started = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("service", "worker")

    def __str__(self) -> str:
        return self.worker
