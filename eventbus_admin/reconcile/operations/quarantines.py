"""The rows of quarantines."""

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bus_core.topology import Queue, parse_name, quarantine_queue
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations.models import Operation, Quarantine

_ID_CHARS = 10


def begin(operation: Operation) -> Quarantine:
    """Make the row of a quarantine for what an operation's queue holds."""
    queue = quarantine_queue(operation.pk.hex[:_ID_CHARS], operation.name)
    own = parse_name(operation.name)
    return Quarantine.objects.create(
        name=queue.name,
        source=operation.name,
        service_name=(own and own.service) or "",
        event_type_name=(own and own.event_type) or "",
        removal=operation,
    )


def queue_of(operation: Operation) -> Queue:
    """Return the quarantine's queue, as it is declared."""
    return quarantine_queue(operation.pk.hex[:_ID_CHARS], operation.name)


def keep(name: str, messages: int) -> None:
    """Let the time run in which it may be restored."""
    until = timezone.now() + timedelta(days=settings.EVENTBUS_QUARANTINE_DAYS)
    Quarantine.objects.filter(name=name).update(messages=messages, until=until)


def end(name: str, outcome: str) -> None:
    """Say what became of it; nothing when there is none of this name."""
    Quarantine.objects.filter(name=name, outcome=Quarantine.Outcome.KEPT).update(
        outcome=Quarantine.Outcome(outcome), ended=timezone.now()
    )


def forget(name: str) -> None:
    """Take away the row of one into which nothing came."""
    Quarantine.objects.filter(name=name).delete()


def discard_expired(fence: Fence) -> None:
    """Have those discarded whose time is over; raises `LeaseLost`."""
    over = Quarantine.objects.filter(
        outcome=Quarantine.Outcome.KEPT, until__lt=timezone.now()
    ).exclude(name__in=_worked_on())
    for one in over:
        with transaction.atomic():
            fence.hold()
            discard(SYSTEM, one, "expired")


def discard(actor: Actor, quarantine: Quarantine, outcome: str) -> Operation:
    """Begin to delete a quarantine with all that it keeps; call it in a transaction."""
    operation = Operation(
        id=uuid4(),
        kind=Operation.Kind.REMOVAL,
        object_kind=ObjectKind.QUEUE.value,
        name=quarantine.name,
        options={"messages": "discard", "named": True, "outcome": outcome},
        requested_by=actor.user,
        requester=actor.name,
    )
    operation.save(force_insert=True)
    with audit_group(operation.pk):
        record(
            actor=actor,
            verb="discarded" if outcome == "discarded" else outcome,
            object_kind="quarantine",
            object_name=quarantine.name,
            after={"messages": quarantine.messages},
        )
    return operation


def _worked_on() -> list[str]:
    unfinished = Operation.objects.filter(state__in=Operation.UNFINISHED)
    return list(unfinished.values_list("name", flat=True))
