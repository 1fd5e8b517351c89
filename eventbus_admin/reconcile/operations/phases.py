"""The phases of each kind of operation, as people see them."""

from dataclasses import dataclass

from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations.models import Operation


@dataclass(frozen=True)
class Phase:
    """A phase in words."""

    name: str
    title: str
    means: str


@dataclass(frozen=True)
class Step:
    """A phase of one operation, and how it stands."""

    phase: Phase
    state: str
    """`done`, `running`, `failed`, `pending` or `skipped`."""


_REMOVAL = (
    Phase("prepare", "Look", "What leads into the queue is written down."),
    Phase("unbind", "Unbind", "Nothing new reaches the queue from here on."),
    Phase("empty", "Wait until it is quiet", "What it holds is moved, handled, or waited for."),
    Phase("delete", "Prove it empty and delete it", "From here on there is no way back."),
    Phase("verify", "Verify", "Whether it is gone, and stays gone."),
)
_OBJECT = (Phase("delete", "Delete", "It holds no messages."), _REMOVAL[4])
_PUT_BACK = Phase("put_back", "Put back", "Its bindings are made again, its messages return.")
_SWAP = (
    Phase("prepare", "Prepare", "A second queue is made, where events wait in the meantime."),
    Phase("divert", "Divert", "New events go to the second queue."),
    Phase("drain", "Empty the old queue", "Its workers handle what is in it, or it is moved."),
    Phase("replace", "Replace", "The old queue is proven empty, deleted, and made anew."),
    Phase("make", "Make anew", "A quorum queue is away for 3 s, so that its workers notice."),
    Phase("connect", "Connect", "New events go to the queue itself again."),
    Phase("bring_back", "Bring back", "What waited in the second queue is moved to it."),
    Phase("tidy", "Tidy up", "The second queue is proven empty and deleted."),
)
_RESTORE = (
    Phase("bring_back", "Bring back", "The messages are moved, each confirmed in its new queue."),
    Phase("tidy", "Tidy up", "The quarantine is proven empty and deleted."),
)
_EARLY = {
    Operation.Kind.REMOVAL: {"", "prepare", "unbind", "empty"},
    Operation.Kind.SWAP: {"", "prepare", "divert", "drain"},
    Operation.Kind.RESTORE: {"", "bring_back"},
}


def may_turn_back(operation: Operation) -> bool:
    """Whether an operation can still be taken back, as far as is known."""
    return operation.phase in _EARLY[Operation.Kind(operation.kind)]


def steps_of(operation: Operation) -> list[Step]:
    """Return the phases of an operation, each with how it stands."""
    phases = list(_phases(operation))
    names = [one.name for one in phases]
    at = names.index(operation.phase) if operation.phase in names else -1
    back = bool(operation.memory.get("back"))
    return [
        Step(phase, _state(operation, number, at, back=back)) for number, phase in enumerate(phases)
    ]


def _phases(operation: Operation) -> tuple[Phase, ...]:
    match operation.kind:
        case Operation.Kind.SWAP:
            return _SWAP
        case Operation.Kind.RESTORE:
            return _RESTORE
    if operation.object_kind != ObjectKind.QUEUE:
        return _OBJECT
    if operation.phase == "put_back":
        return (_REMOVAL[0], _PUT_BACK)
    return _REMOVAL


def _state(operation: Operation, number: int, at: int, *, back: bool) -> str:
    if operation.state == Operation.State.DONE:
        return "done"
    if number == at:
        return {
            Operation.State.FAILED: "failed",
            Operation.State.ROLLED_BACK: "done",
            Operation.State.PAUSED: "paused",
        }.get(Operation.State(operation.state), "running")
    if back and operation.kind == Operation.Kind.SWAP and number in {2, 3, 4} and at > 4:
        return "skipped"
    return "done" if number < at else "pending"
