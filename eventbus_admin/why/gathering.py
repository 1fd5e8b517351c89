"""Reading the evidence: a number of queries that grows with nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min
from django.utils import timezone

from bus_core.errors import InvalidName
from bus_core.names import check_name
from bus_core.topology import consumer_queue, event_exchange
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.feed.models import FeedState
from eventbus_admin.journal.entries import journal_id
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.journal.sight import Sight
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Operation,
    Quarantine,
    ReconcileState,
    SubscriptionStatus,
)
from eventbus_admin.reconcile.objects import binding_name
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.why.evidence import (
    Deed,
    Evidence,
    Journal,
    Look,
    Moved,
    Published,
    Receipt,
    Subscribed,
    Thing,
)
from eventbus_admin.why.letters import letters_of, told

HISTORY = 100
MOVED = 5
LATELY = 100


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which event, and which service; type and time help where nobody saw the event."""

    event_id: str
    service: str
    event_type: str = ""
    at: datetime | None = None


def gather(question: Question, *, sight: Sight) -> Evidence:
    """Return what rows say; whoever calls this has checked that the asker may see them.

    Of errors that `sight` hides only the name is left, because they may quote the payload.
    """
    key, service = journal_id(question.event_id), question.service.replace("\0", "")
    entry = JournalEntry.objects.filter(event_id=key).defer("payload", "headers").first()
    outcome = Outcome.objects.filter(event_id=key, service=service).first()
    letters = letters_of(key, service)
    event_type = _type_of(question, entry, outcome, letters)
    known = EventType.objects.filter(name=event_type).first()
    subscription = Subscription.objects.named(event_type, service).select_related("status").first()
    things = _things(event_type, service)
    workers = [
        one.worker
        for one in workers_present().filter(service=service)[:LATELY]
        if event_type in one.subscriptions
    ]
    return Evidence(
        event_id=question.event_id,
        event_type=event_type,
        service=service,
        now=timezone.now(),
        asked_at=question.at,
        published=Published(seen=entry.seen, source=entry.source) if entry else None,
        journal=_journal(),
        lifecycle=known.lifecycle if known else "",
        registered=Service.objects.filter(name=service).exists(),
        publication=_publication(entry),
        subscription=_subscribed(subscription),
        queue=things.get("queue"),
        binding=things.get("binding"),
        made=_made(event_type, service),
        look=_look(subscription),
        workers=tuple(workers),
        reports=bool(workers or outcome) or _reported(event_type, service),
        receipt=_receipt(sight.outcome(outcome) if outcome else None),
        letters=told(letters, sight),
        moved=_moved(event_type, service),
    )


def candidates(
    *, event_type: str, source: str = "", at: datetime | None, minutes: int, limit: int
) -> list[JournalEntry]:
    """Return the journal's events of a type around a time (or its latest), latest first."""
    found = JournalEntry.objects.filter(type=event_type.replace("\0", ""))
    if source:
        found = found.filter(source=source.replace("\0", ""))
    if at is not None:
        window = timedelta(minutes=minutes)
        found = found.filter(seen__gte=at - window, seen__lte=at + window)
    return list(found.order_by("-id").defer("payload", "headers")[:limit])


# -- the event ------------------------------------------------------------------------------------


def _type_of(
    question: Question,
    entry: JournalEntry | None,
    outcome: Outcome | None,
    letters: Iterable[DeadLetter],
) -> str:
    said = [entry.type if entry else "", outcome.event_type if outcome else ""]
    said += [one.event_type for one in letters]
    # Ids that the library makes begin with the type.
    said += [question.event_type.replace("\0", ""), question.event_id.rpartition("_")[0]]
    return next((one for one in said if _is_name(one)), "")


def _is_name(text: str) -> bool:
    try:
        return bool(check_name(text))
    except InvalidName:
        return False


def _journal() -> Journal:
    reach = JournalEntry.objects.aggregate(since=Min("seen"), until=Max("seen"))
    state = FeedState.objects.first()
    dropped = state.dropped + state.unwritten if state else 0
    return Journal(since=reach["since"], until=reach["until"], dropped=dropped)


def _publication(entry: JournalEntry | None) -> str:
    if entry is None:
        return ""
    found = Publication.objects.filter(event_type__name=entry.type, service__name=entry.source)
    return found.values_list("state", flat=True).first() or ""


# -- the way --------------------------------------------------------------------------------------


def _subscribed(subscription: Subscription | None) -> Subscribed | None:
    if subscription is None:
        return None
    name = f"{subscription.event_type.name}/{subscription.service.name}"
    entries = AuditEntry.objects.filter(object_kind="subscription", object_name=name)
    return Subscribed(
        state=subscription.state,
        created=subscription.created,
        retry=subscription.retry_policy,
        history=tuple(map(_deed, reversed(entries.order_by("-id")[:HISTORY]))),
    )


def _deed(entry: AuditEntry) -> Deed:
    return Deed(
        id=entry.pk,
        verb=entry.verb,
        at=entry.at,
        by=entry.actor_name,
        kind=entry.object_kind,
        before=_state(entry.before),
        after=_state(entry.after),
    )


def _state(values: object) -> str:
    return str(values.get("state", "")) if isinstance(values, dict) else ""


def _names(event_type: str, service: str) -> dict[str, str]:
    """Return the names of the queue and its binding; none when nothing can be called so."""
    try:
        queue = consumer_queue(event_type, service)
        return {"queue": queue, "binding": binding_name(event_exchange(event_type), queue, "")}
    except (InvalidName, ValueError):
        return {}


def _things(event_type: str, service: str) -> dict[str, Thing]:
    names = _names(event_type, service)
    found = BrokerObject.objects.filter(kind__in=names, name__in=names.values())
    return {
        one.kind: Thing(id=one.pk, sync=one.sync, since=one.since, there=one.found is not None)
        for one in found.defer("message", "impact", "should")
        if one.name == names[one.kind]
    }


def _made(event_type: str, service: str) -> tuple[Deed, ...]:
    names = [name[:255] for name in _names(event_type, service).values()]
    entries = AuditEntry.objects.filter(object_kind__in=("queue", "binding"), object_name__in=names)
    return tuple(map(_deed, reversed(entries.order_by("-id")[:HISTORY])))


def _look(subscription: Subscription | None) -> Look:
    state = ReconcileState.objects.first()
    if state is None:
        return Look()
    status: SubscriptionStatus | None = getattr(subscription, "status", None)
    if status is None or status.health == "unknown":
        return Look(at=state.observed_at, reachable=state.reachable)
    return Look(
        at=state.observed_at,
        reachable=state.reachable,
        ready=status.messages_ready,
        unacked=status.messages_unacked,
        consumers=status.consumers,
        since=status.changed_at,
    )


def _moved(event_type: str, service: str) -> tuple[Moved, ...]:
    queue = _names(event_type, service).get("queue", "")
    operations = list(
        Operation.objects.filter(object_kind="queue", name=queue).order_by("-created")[:MOVED]
    )
    kept = {
        one.removal_id: one for one in Quarantine.objects.filter(removal__in=operations)[:MOVED]
    }
    return tuple(_one_moved(one, kept.get(one.pk)) for one in operations)


def _one_moved(operation: Operation, quarantine: Quarantine | None) -> Moved:
    return Moved(
        id=str(operation.pk),
        kind=str(operation.get_kind_display()),
        state=operation.state,
        at=operation.created,
        by=operation.requester,
        quarantine=quarantine.pk if quarantine else None,
        kept=quarantine.messages if quarantine else 0,
        outcome=quarantine.outcome if quarantine else "",
    )


# -- the service ----------------------------------------------------------------------------------


def _reported(event_type: str, service: str) -> bool:
    """Whether it reported of any of the last events of this type."""
    last = JournalEntry.objects.filter(type=event_type).order_by("-id")
    ids = list(last.values_list("event_id", flat=True)[:LATELY])
    return Outcome.objects.filter(event_id__in=ids, service=service).exists()


def _receipt(outcome: Outcome | None) -> Receipt | None:
    if outcome is None:
        return None
    return Receipt(
        outcome=outcome.outcome,
        attempts=outcome.attempts,
        ms=outcome.ms,
        error=outcome.error,
        worker=outcome.worker,
        at=outcome.at,
    )
