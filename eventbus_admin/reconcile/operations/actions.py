"""What people do with operations: ask for one, pause it, take it back."""

from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from bus_core.topology import QueueKind, parse_name
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations import guards, phases, quarantines
from eventbus_admin.reconcile.operations.kinds import set_kind, subscription_of
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.reconcile.operations.removal import DISCARD, KEEP, QUARANTINE
from eventbus_admin.registry.errors import ActionError

REMOVABLE = (ObjectKind.QUEUE, ObjectKind.EXCHANGE, ObjectKind.BINDING, ObjectKind.POLICY)
_MESSAGES = (KEEP, QUARANTINE, DISCARD)
State = Operation.State


@transaction.atomic
def request_removal(
    *, actor: Actor, object_kind: str, name: str, messages: str = KEEP, typed: str = ""
) -> Operation:
    """Have an object removed that is ours and that the registry does not ask for.

    `messages` says what becomes of a queue's: `keep` deletes it only once it is empty,
    `quarantine` moves them first, `discard` loses them. `typed` is the queue's name as a person
    typed it, which is asked for when it has messages or consumers.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when there
    is no such object, or a guard says no.
    """
    Rights(actor).can_operate("remove things from the broker").require()
    guards.require_answering_broker()
    guards.require_registry()
    found = _unmanaged(object_kind, name)
    if messages not in _MESSAGES:
        raise ActionError("invalid_messages", f"Choose one of {', '.join(_MESSAGES)}.", "messages")
    is_queue = found.kind == ObjectKind.QUEUE
    if messages != KEEP and not is_queue:
        raise ActionError("invalid_messages", "Only queues hold messages.", "messages")
    needed = is_queue and (messages == DISCARD or _in_use(found))
    guards.require_typed(found.name, typed, needed=needed)
    guards.require_free(found.kind, [found.name])
    guards.require_small_share(1)
    options: dict[str, Any] = {"messages": messages, "named": typed.strip() == found.name}
    if not is_queue:
        options["found"] = found.found
    operation = _begin(actor, Operation.Kind.REMOVAL, found.kind, found.name, options)
    if messages == QUARANTINE:
        operation.options["quarantine"] = quarantines.begin(operation).name
        operation.save(update_fields=("options",))
    return operation


@transaction.atomic
def request_swap(*, actor: Actor, queue: str, kind: QueueKind | str | None = None) -> Operation:
    """Have a subscription's queue replaced by one as the registry asks for, losing nothing.

    With `kind` the registry asks for that from now on, and for the old one again when this is
    taken back.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when the
    queue is no live subscription's, or is as it should be.
    """
    Rights(actor).can_operate("replace queues").require()
    guards.require_answering_broker()
    subscription = subscription_of(queue)
    found = BrokerObject.objects.filter(kind=ObjectKind.QUEUE, name=queue).first()
    if subscription is None or found is None or found.sync == Sync.MISSING:
        raise ActionError(
            "unknown_queue", f"{queue[:255]} is no queue of a live subscription.", "queue"
        )
    guards.require_free(ObjectKind.QUEUE, [queue])
    options: dict[str, Any] = {}
    if kind is not None and kind != subscription.kind:
        try:
            options = {"kind": QueueKind(kind).value, "from_kind": subscription.kind}
        except ValueError:
            choices = ", ".join(one.value for one in QueueKind)
            raise ActionError("invalid_kind", f"Choose one of {choices}.", "kind") from None
        set_kind(actor, queue, options["kind"])
    elif found.sync != Sync.BLOCKED:
        raise ActionError("not_blocked", f"{queue} is as the registry says already.", "queue")
    return _begin(actor, Operation.Kind.SWAP, ObjectKind.QUEUE, queue, options)


@transaction.atomic
def request_restore(*, actor: Actor, quarantine: Quarantine, to: str = "") -> Operation:
    """Have what a quarantine keeps brought back into a queue: `to`, or the one it came from.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when the
    quarantine is over, or there is no such queue.
    """
    Rights(actor).can_operate("restore quarantines").require()
    guards.require_answering_broker()
    _require_kept(quarantine)
    target = to or quarantine.source
    own = parse_name(target)
    there = BrokerObject.objects.filter(kind=ObjectKind.QUEUE, name=target)
    there = there.exclude(sync__in=(Sync.MISSING, Sync.UNMANAGED))
    if own is None or own.role not in {"consumer", "dead"} or not there.exists():
        raise ActionError(
            "unknown_queue",
            f"{target[:255]} is no queue that the registry asks for and the broker has. Choose "
            "a live subscription's queue.",
            "to",
        )
    guards.require_free(ObjectKind.QUEUE, [quarantine.name, target])
    return _begin(actor, Operation.Kind.RESTORE, ObjectKind.QUEUE, quarantine.name, {"to": target})


@transaction.atomic
def discard_quarantine(*, actor: Actor, quarantine: Quarantine, typed: str = "") -> Operation:
    """Have a quarantine deleted with all that it keeps; `typed` is its source's name.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when the
    quarantine is over, or the name was not typed.
    """
    Rights(actor).can_operate("discard quarantines").require()
    _require_kept(quarantine)
    guards.require_typed(quarantine.source, typed, needed=bool(quarantine.messages))
    guards.require_free(ObjectKind.QUEUE, [quarantine.name])
    return quarantines.discard(actor, quarantine, Quarantine.Outcome.DISCARDED.value)


@transaction.atomic
def pause_operation(*, actor: Actor, operation: Operation | UUID) -> Operation:
    """Let an operation rest where it is."""
    return _turn(actor, operation, "pause", "paused", State.PAUSED, (State.RUNNING,))


@transaction.atomic
def resume_operation(*, actor: Actor, operation: Operation | UUID) -> Operation:
    """Let a paused operation go on."""
    return _turn(actor, operation, "resume", "resumed", State.RUNNING, (State.PAUSED,))


@transaction.atomic
def cancel_operation(*, actor: Actor, operation: Operation | UUID) -> Operation:
    """Take an operation back, as far as it has got.

    Raises `ActionError` when it is over, or too far to be taken back.
    """
    found = _locked(operation)
    if found.state in Operation.UNFINISHED and not phases.may_turn_back(found):
        raise ActionError("too_late", "It is too far to be taken back: it is being finished.")
    before = (State.QUEUED, State.RUNNING, State.PAUSED)
    return _turn(actor, found, "take back", "took back", State.CANCELLING, before)


def _turn(
    actor: Actor,
    operation: Operation | UUID,
    verb: str,
    done: str,
    target: State,
    sources: tuple[State, ...],
) -> Operation:
    Rights(actor).can_operate(f"{verb} operations").require()
    found = _locked(operation)
    if found.state not in sources:
        word = State(found.state).label.lower()
        raise ActionError(f"already_{found.state}", f"It is {word}, so nobody can {verb} it.")
    before, found.state = found.state, target
    found.save(update_fields=("state",))
    _keep(actor, done, found, {"state": before}, {"state": found.state})
    return found


def _locked(operation: Operation | UUID) -> Operation:
    pk = operation.pk if isinstance(operation, Operation) else operation
    found = Operation.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise ActionError("unknown_operation", "There is no such operation.")
    return found


def _unmanaged(object_kind: str, name: str) -> BrokerObject:
    found = BrokerObject.objects.filter(kind=object_kind, name=name).first()
    if found is None or object_kind not in REMOVABLE:
        raise ActionError("unknown_object", f"There is no {object_kind} {name[:255]}.", "name")
    if found.sync == Sync.BUSY:
        raise ActionError("busy", f"Something is done to {found.name} already. Wait for its end.")
    if found.sync != Sync.UNMANAGED:
        raise ActionError(
            "managed",
            f"The registry asks for {found.name}. End what needs it there; then it can be removed.",
            "name",
        )
    return found


def _in_use(found: BrokerObject) -> bool:
    seen = found.found or {}
    # Where consumers cannot be counted there may be some.
    return bool(seen.get("messages")) or seen.get("consumers") != 0


def _require_kept(quarantine: Quarantine) -> None:
    if quarantine.outcome != Quarantine.Outcome.KEPT:
        raise ActionError("over", f"This quarantine is over: {quarantine.outcome}.")
    if quarantine.until is None:
        raise ActionError("busy", "It is still being filled. Wait until the removal is over.")


def _begin(
    actor: Actor, kind: Operation.Kind, object_kind: str, name: str, options: dict[str, Any]
) -> Operation:
    operation = Operation(
        id=uuid4(),
        kind=kind,
        object_kind=str(object_kind),
        name=name,
        options=options,
        requested_by=actor.user,
        requester=actor.name,
    )
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
    except IntegrityError as error:  # two asked at once
        raise ActionError("busy", f"Something is done to {name} already.") from error
    _keep(actor, "requested", operation, None, {"kind": str(kind), "object": name, **options})
    return operation


def _keep(
    actor: Actor, verb: str, operation: Operation, before: Any, after: dict[str, Any]
) -> None:
    with audit_group(operation.pk):
        record(
            actor=actor,
            verb=verb,
            object_kind="operation",
            object_name=str(operation.pk),
            before=before,
            after=after,
        )
