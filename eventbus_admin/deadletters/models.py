"""Dead letters, their causes, and the runs that send many of them again."""

import uuid

from django.conf import settings
from django.db import models

from eventbus_admin.deadletters.querysets import (
    CauseQuerySet,
    DeadLetterQuerySet,
    RetryRunQuerySet,
)
from eventbus_admin.registry.models import Service


class State(models.TextChoices):
    """Where a dead letter stands."""

    WAITING = "waiting", "Waiting"
    RETRYING = "prepared", "Prepared"
    """Chosen by a run, and not sent yet."""
    RETRIED = "sent", "Sent"
    """The broker has it again; nobody has said yet what became of it."""
    HANDLED = "handled", "Handled"
    FAILED_AGAIN = "failed_again", "Failed again"
    EDITED = "edited", "Replaced"
    """Another one with an edited body was sent in its place."""
    DISCARDED = "discarded", "Discarded"


SETTLED = (State.HANDLED, State.FAILED_AGAIN, State.EDITED, State.DISCARDED)
"""Nobody needs to do anything about these any more."""


class Cause(models.Model):
    """Why dead letters of one subscription gave up: those that say the same are of one cause."""

    key = models.CharField(max_length=64, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    event_type = models.CharField(max_length=120, blank=True, db_index=True)
    reason = models.CharField(max_length=32)
    """A worker's word (`attempts`, `rejected`, …), or `broker` or `stray`."""
    text = models.CharField(max_length=500)
    """The last line of the error, without the numbers and ids that differ each time."""
    newest = models.PositiveBigIntegerField(default=0, db_index=True)
    """The number of its latest dead letter."""

    objects = CauseQuerySet.as_manager()

    class Meta:
        ordering = ("-newest",)

    def __str__(self) -> str:
        return self.text


class RetryRun(models.Model):
    """One time that a person had dead letters sent again; the set is fixed when it is asked for."""

    class Progress(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150)
    what = models.CharField(max_length=500)
    """What was chosen, in words."""
    careful = models.BooleanField(default=False)
    """Send one first, and the others only once that one was handled."""
    state = models.CharField(max_length=16, choices=Progress, default=Progress.QUEUED)
    stop = models.BooleanField(default=False)
    """A person wants it to stop."""
    tried = models.ForeignKey(
        "DeadLetter", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """The one that a careful run sent first."""
    total = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    """Why it stopped, or what holds it up, as a sentence."""
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    objects = RetryRunQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"retry {self.id} {self.state}"

    @property
    def active(self) -> bool:
        """Whether the worker process still has something to do for it."""
        return self.state in {self.Progress.QUEUED, self.Progress.RUNNING}


class DeadLetter(models.Model):
    """One event that gave up, or a message that never was one; kept to the byte."""

    State = State

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    """Travels with it when it is sent again, so that it is known when it comes back."""
    identity = models.CharField(max_length=80, db_index=True)
    """By this it is known when the broker delivers it a second time."""
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="dead_letters")
    cause = models.ForeignKey(Cause, on_delete=models.PROTECT, related_name="letters")
    queue = models.CharField(max_length=255, blank=True)
    """The subscription's queue that it belongs to; empty when nobody can tell."""
    event_type = models.CharField(max_length=120, blank=True)
    event_id = models.CharField(max_length=255, blank=True, db_index=True)
    correlation_id = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=32)
    attempts = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=255, blank=True)
    died = models.DateTimeField()
    """When it gave up; where that is not known, when it was taken in."""
    taken_in = models.DateTimeField()
    decodable = models.BooleanField()
    size = models.PositiveIntegerField()
    """Of the body, in bytes."""
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    since = models.DateTimeField()
    """Since when it stands where it does."""
    note = models.TextField(blank=True)
    """Why it could not be sent again, as a sentence."""
    run = models.ForeignKey(
        RetryRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="letters"
    )
    sent = models.DateTimeField(null=True)
    """When the broker had it again."""
    heard = models.DateTimeField(null=True)
    """The latest that was known of the event when it was sent again; what is later is new."""
    discard = models.UUIDField(null=True, db_index=True)
    """Which discarding took it, so that it can be undone."""
    retried_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="came_back"
    )
    """The dead letter that was sent again and came back as this one."""
    original = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="edited_copies"
    )
    """The dead letter that this one replaces, with an edited body."""
    edited_by = models.CharField(max_length=150, blank=True)
    error = models.TextField(blank=True)
    properties = models.TextField()
    """Everything about the message but its body; see `wire`."""
    body = models.BinaryField()

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("state", "cause", "died"), name="dead_by_cause"),
            models.Index(fields=("state", "since"), name="dead_by_state"),
            models.Index(fields=("run", "state"), name="dead_by_run"),
        ]

    def __str__(self) -> str:
        return self.seen_as

    @property
    def seen_as(self) -> str:
        """The id under which it is revealed: its event's, or its own where it has none."""
        return self.event_id or f"dead letter {self.pk}"

    @property
    def last_line(self) -> str:
        """The error itself, without the way to it."""
        return self.error.strip().rpartition("\n")[2]
