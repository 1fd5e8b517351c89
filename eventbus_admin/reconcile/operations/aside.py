"""What operations work on is neither drift nor anybody else's to repair."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Q

from bus_core.topology import parse_name, swap_queue
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.reconcile.plan import Item, Plan

_SAYS = {
    Operation.Kind.REMOVAL: "Being removed: operation {id} says how far it is.",
    Operation.Kind.RESTORE: "Being restored: operation {id} says how far it is.",
    Operation.Kind.SWAP: "Being replaced: operation {id} says how far it is.",
}


@dataclass(frozen=True, kw_only=True)
class Busy:
    """What one operation works on."""

    sentence: str
    kind: str
    name: str
    queues: frozenset[str] = frozenset()
    """The queue and its helpers, with all their bindings."""


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What is not compared with the registry for now."""

    busy: tuple[Busy, ...] = ()
    kept: frozenset[str] = frozenset()
    """Quarantines that we know of: they are listed on a page of their own."""


def under_way() -> Aside:
    """Read what operations work on, and which quarantines there are."""
    unfinished = Operation.objects.filter(state__in=Operation.UNFINISHED)
    kept = Quarantine.objects.filter(Q(outcome=Quarantine.Outcome.KEPT))
    return Aside(
        busy=tuple(_busy(one) for one in unfinished),
        kept=frozenset(kept.values_list("name", flat=True)),
    )


def set_aside(plan: Plan, aside: Aside) -> Plan:
    """Return the plan with what operations work on marked so, and known quarantines left out."""
    busy_queues = {name: one for one in aside.busy for name in one.queues}
    busy_objects = {(one.kind, one.name): one for one in aside.busy}

    def mark(item: Item) -> Item:
        found = busy_objects.get((item.object.value, item.name)) or _first(
            busy_queues, _queues_of(item)
        )
        return replace(item, sync=Sync.BUSY, reason=found.sentence) if found else item

    return plan.only(lambda item: aside.kept.isdisjoint(_queues_of(item))).change(mark)


def queues_of(operation: Operation) -> frozenset[str]:
    """Return the queues that an operation works on."""
    if operation.object_kind != ObjectKind.QUEUE:
        return frozenset()
    names = {operation.name, operation.option("to"), operation.option("quarantine")}
    if operation.kind == Operation.Kind.RESTORE:
        names.discard(operation.option("to"))  # it goes on as it is, and what comes is welcome
    own = parse_name(operation.name)
    if operation.kind == Operation.Kind.SWAP and own and own.event_type and own.service:
        names.add(swap_queue(own.event_type, own.service).name)
    return frozenset(name for name in names if name)


def _busy(operation: Operation) -> Busy:
    sentence = _SAYS[Operation.Kind(operation.kind)].format(id=str(operation.pk)[:8])
    return Busy(
        sentence=sentence,
        kind=operation.object_kind,
        name=operation.name,
        queues=queues_of(operation),
    )


def _queues_of(item: Item) -> frozenset[str]:
    if item.object is ObjectKind.QUEUE:
        return frozenset((item.name,))
    if item.object is ObjectKind.BINDING:
        properties = item.should or item.found or {}
        if properties.get("destination_kind") == "queue":
            return frozenset((properties["destination"],))
    return frozenset()


def _first(known: dict[str, Busy], names: Iterable[str]) -> Busy | None:
    return next((known[name] for name in names if name in known), None)
