"""Operations on objects of the broker, and the quarantines that removals leave behind."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Operation(models.Model):
    """Something that is done to one object on the broker, phase by phase."""

    class Kind(models.TextChoices):
        """What is done."""

        REMOVAL = "removal", "Removal"
        RESTORE = "restore", "Restoring"
        SWAP = "swap", "Replacement"

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELLING = "cancelling", "Being taken back"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        ROLLED_BACK = "rolled_back", "Taken back"

    UNFINISHED = (State.QUEUED, State.RUNNING, State.PAUSED, State.CANCELLING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=16, choices=Kind)
    object_kind = models.CharField(max_length=16)
    name = models.CharField(max_length=800)
    """The object's, as the plan calls it."""
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    phase = models.CharField(max_length=16, blank=True)
    """What is being done now; it is stored before anything of it is done."""
    phase_since = models.DateTimeField(null=True)
    sentence = models.TextField(blank=True)
    """Where it is, and what it waits for."""
    moved = models.PositiveBigIntegerField(default=0)
    """Messages that were moved, from one queue to another and back."""
    again = models.PositiveBigIntegerField(default=0)
    """Of these, those that are known to arrive a second time perhaps."""
    waiting = models.PositiveBigIntegerField(default=0)
    """Messages that are still to be moved or handled."""
    options = models.JSONField(default=dict)
    """What was asked for; see `actions`."""
    memory = models.JSONField(default=dict)
    """What it found and has to know later, such as bindings that it ended."""
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requester = models.CharField(max_length=150, blank=True)
    """Kept as text too; `system` when no person asked."""
    created = models.DateTimeField(default=timezone.now, db_index=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("object_kind", "name"),
                condition=models.Q(state__in=("queued", "running", "paused", "cancelling")),
                name="one_operation_an_object",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.name}: {self.state}"

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state not in self.UNFINISHED

    def option(self, name: str) -> Any:
        """Return what was asked for, `None` when nothing was said."""
        return self.options.get(name)


class Quarantine(models.Model):
    """A queue that keeps what a removed queue held, until it is restored or its time is over."""

    class Outcome(models.TextChoices):
        """What became of it."""

        KEPT = "kept", "Kept"
        RESTORED = "restored", "Restored"
        DISCARDED = "discarded", "Discarded"
        EXPIRED = "expired", "Expired"
        TAKEN_BACK = "taken_back", "Taken back"

    name = models.CharField(max_length=255, unique=True)
    """Of its queue on the broker."""
    source = models.CharField(max_length=255)
    """The queue whose messages it keeps."""
    service_name = models.CharField(max_length=120, blank=True)
    event_type_name = models.CharField(max_length=120, blank=True)
    messages = models.PositiveBigIntegerField(default=0)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.KEPT)
    removal = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)
    """When it is discarded by itself; open while it is being filled."""
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-id")

    def __str__(self) -> str:
        return self.name
