"""The rows of operations as the leader writes them: every write holds the leader's fence."""

from collections.abc import Callable, Iterable

from django.db import transaction

from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.reconcile.store import storable

_FIELDS = (
    "phase",
    "phase_since",
    "sentence",
    "moved",
    "again",
    "waiting",
    "memory",
    "started",
    "finished",
)


def unfinished() -> list[Operation]:
    """Return the operations that are not over, the oldest first."""
    return list(Operation.objects.filter(state__in=Operation.UNFINISHED).order_by("created", "id"))


def save(
    fence: Fence,
    operation: Operation,
    state_before: str,
    effects: Iterable[Callable[[], None]] = (),
) -> None:
    """Store how far an operation is, and `effects` with it.

    What a person asked for meanwhile, a pause or to take it back, stands unless the operation is
    over. Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    operation.sentence = storable(operation.sentence)
    row = Operation.objects.filter(pk=operation.pk)
    with transaction.atomic():
        fence.hold()
        row.update(**{field: getattr(operation, field) for field in _FIELDS})
        if operation.ended:
            row.update(state=operation.state)
        elif operation.state != state_before:
            row.filter(state=state_before).update(state=operation.state)
        for effect in effects:
            effect()


def fingerprint(operation: Operation) -> tuple[object, ...]:
    """Return what tells whether a row has to be stored at once; numbers may be a little late."""
    return operation.state, operation.phase, operation.sentence, repr(operation.memory)
