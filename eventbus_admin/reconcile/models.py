"""What the last look at the broker found, who leads, and the runs that changed it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from eventbus_admin.broker.changes import Hearing
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.registry.models import Credential, Subscription

__all__ = [
    "NOT_DRIFT",
    "BrokerObject",
    "Health",
    "Lease",
    "Operation",
    "Quarantine",
    "ReconcileState",
    "Run",
    "SubscriptionStatus",
    "Sync",
]


class Sync(models.TextChoices):
    """How an object on the broker compares with the registry."""

    IN_SYNC = "in_sync", "In sync"
    MISSING = "missing", "Missing"
    DIFFERS = "differs", "Differs"
    BLOCKED = "blocked", "Blocked"
    SURPLUS = "surplus", "To be removed"
    UNMANAGED = "unmanaged", "Unmanaged"
    BUSY = "busy", "Being worked on"
    UNKNOWN = "unknown", "Unknown"


NOT_DRIFT = frozenset({Sync.IN_SYNC, Sync.BUSY, Sync.UNKNOWN})
"""What needs nobody's decision."""


class Health(models.TextChoices):
    """How a subscription is doing."""

    HEALTHY = "healthy", "Healthy"
    NO_CONSUMERS = "no_consumers", "No workers"
    BACKLOG = "backlog_growing", "Backlog growing"
    DEAD_LETTERS = "dead_letters", "Dead letters"
    PAUSED = "paused", "Paused"
    UNKNOWN = "unknown", "Unknown"


class BrokerObject(models.Model):
    """One object of ours on the broker: exchange, queue, binding, policy, user or permission."""

    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=800)
    """Of a binding: `source → destination [routing key]`; of AMQP's names each has up to 255."""
    service_name = models.CharField(max_length=120, blank=True, db_index=True)
    event_type_name = models.CharField(max_length=120, blank=True, db_index=True)
    sync = models.CharField(max_length=16, choices=Sync, db_index=True)
    message = models.TextField(blank=True)
    """A sentence that says what this means and what to do."""
    impact = models.TextField(blank=True)
    """A sentence about what it means for messages, or mending it would."""
    should = models.JSONField(null=True)
    found = models.JSONField(null=True)
    since = models.DateTimeField()
    """Since when the sync state is what it is."""
    established = models.BooleanField(default=False)
    """It was once as it should be now: if it is not any more, somebody changed it on the broker."""

    class Meta:
        ordering = ("kind", "name")
        constraints = [models.UniqueConstraint(fields=("kind", "name"), name="one_broker_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.sync}"


class SubscriptionStatus(models.Model):
    """Sync and health of one subscription as last observed."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.CASCADE, related_name="status", primary_key=True
    )
    sync = models.CharField(max_length=16, choices=Sync, default=Sync.UNKNOWN)
    health = models.CharField(max_length=16, choices=Health, default=Health.UNKNOWN)
    message = models.TextField(blank=True)
    messages_ready = models.PositiveBigIntegerField(default=0)
    messages_unacked = models.PositiveBigIntegerField(default=0)
    consumers = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.subscription}: {self.sync}, {self.health}"


class ReconcileState(models.Model):
    """The loop's own state: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    applied_revision = models.PositiveBigIntegerField(default=0)
    """The registry's revision that the broker was last brought to."""
    observed_at = models.DateTimeField(null=True)
    """When the broker was last read completely."""
    reachable = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    """Why it cannot be read, as a sentence; empty when it can."""
    broker_id = models.CharField(max_length=800, blank=True)
    """Which broker was read last; at another, perhaps empty one, nothing was established."""
    broker_name = models.CharField(max_length=120, blank=True)
    broker_version = models.CharField(max_length=40, blank=True)
    counts = models.JSONField(default=dict)
    """Objects by sync state."""
    dead_letters = models.JSONField(default=dict)
    """Events that wait in the dead-letter queue of each service that has any."""
    hearing = models.CharField(
        max_length=16,
        choices=[(one.value, one.value) for one in Hearing],
        default=Hearing.UNKNOWN.value,
    )
    """Whether the broker tells the leader of changes as they happen."""
    hearing_message = models.TextField(blank=True)
    """Why it does not, as a sentence that says what to do."""

    def __str__(self) -> str:
        return f"applied {self.applied_revision}, observed {self.observed_at}"


class Lease(models.Model):
    """Who leads: the one worker process that reconciles, taps and sends directives."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=120, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    """Raised at every change of holder; a write with an old number is refused."""
    expires = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.holder} ({self.fence})"


class Run(models.Model):
    """One time that a plan was carried out."""

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    revision = models.PositiveBigIntegerField(default=0)
    """The registry's, when it was asked for."""
    broker_id = models.CharField(max_length=800, blank=True)
    """Which broker was looked at when it was asked for."""
    names = models.JSONField(null=True)
    """The objects that were chosen, by id or name; everything that differed without a choice."""
    steps = models.JSONField(default=list)
    """What was agreed to and what became of it.

    Each: kind, object, name, before, after, reason, impact, result (`done`, `failed`, `skipped`,
    `pending`), error.
    """
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    """Numbers of steps, so that lists need not read the steps."""
    refused = models.BooleanField(default=False)
    """Something that it touches had changed, so nothing was touched."""
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-created",)
        indexes = (models.Index(fields=("-created", "-id"), name="run_by_created"),)

    def __str__(self) -> str:
        return f"run {self.id} {self.state}"

    def save(self, **options: Any) -> None:
        """Store it, with the numbers of its steps when these are stored."""
        fields = options.get("update_fields")
        if "steps" in self.__dict__ and (fields is None or "steps" in fields):
            results = [step.get("result") for step in self.steps]
            self.total = len(results)
            self.done, self.failed = results.count("done"), results.count("failed")
            if fields is not None:
                options["update_fields"] = {*fields, "total", "done", "failed"}
        super().save(**options)

    @property
    def milliseconds(self) -> int | None:
        """How long it took; unknown while it lasts."""
        if self.started is None or self.finished is None:
            return None
        return round((self.finished - self.started).total_seconds() * 1000)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in {Run.State.DONE, Run.State.FAILED}


class CredentialUse(models.Model):
    """Who uses a credential, as the leader saw it; looked at while a rotation goes on."""

    credential = models.OneToOneField(
        Credential, on_delete=models.CASCADE, related_name="use", primary_key=True
    )
    issued = models.DateTimeField()
    """When the credential was issued that this is about: a slot is used again and again."""
    connections = models.PositiveIntegerField(default=0)
    hosts = models.JSONField(default=list)
    """Where from, each host once; the first few."""
    since = models.DateTimeField()
    """Since when it is connected, or since when it is not."""
    ever = models.BooleanField(default=False)
    """Whether it was connected at all since it was issued, as far as anybody looked."""
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.credential}: {self.connections} at {self.observed_at}"
