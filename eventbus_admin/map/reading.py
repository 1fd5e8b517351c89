"""Reading what the map is made of, in a constant number of queries that are all bounded."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from bus_core.topology import parse_name
from eventbus_admin.accounts.actor import Actor, ServiceAccount, Viewer
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.feed.test_events import SENDER
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.rates import MINUTES, rates
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.map.facts import Facts, Flow, Found, Listening, Pair, Thing
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Sync
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.registry.states import SubscriptionState

MOST_THINGS = 20_000
MOST_WORKERS = 5_000
MOST_FLOWS = 10_000
MOST_FOUND = 2_000
"""So many rows of each sort are read at most."""

# Many people may watch; the journal is asked who published what once in a while only.
FLOWS_KEPT_SECONDS = 15

_OFF = (Sync.UNMANAGED, Sync.MISSING, Sync.BLOCKED, Sync.DIFFERS)
_KINDS = ("exchange", "queue", "binding")


def read_facts(viewer: Viewer) -> Facts:
    """Return what this request's user may see: all of it, or what is a service's own."""
    own = viewer.service if isinstance(viewer, ServiceAccount) else None
    if own is None:
        Rights(Actor.of(viewer)).can_view().require()
    state = ReconcileState.objects.first() or ReconcileState()
    subscriptions = _subscriptions(viewer)
    workers, announced = _workers(own)
    flows: Mapping[Pair, Flow] = _flows()
    flowing = rates()
    if own is not None:
        flows, flowing = _own_part(own, flows, flowing, {one.event_type for one in subscriptions})
    services = Service.objects.visible_to(viewer)
    event_types = EventType.objects.visible_to(viewer)
    return Facts(
        own=own or "",
        services=_things(services.values_list("name", "owner__name", "kind")[:MOST_THINGS]),
        event_types=_things(
            event_types.values_list("name", "owner__name", "lifecycle")[:MOST_THINGS]
        ),
        publications=tuple(
            Publication.objects.visible_to(viewer)
            .active()
            .values_list("event_type__name", "service__name")[:MOST_THINGS]
        ),
        subscriptions=subscriptions,
        workers=workers,
        announced=announced,
        flows=flows,
        rates=flowing,
        dead=_dead(viewer),
        found=() if own is not None else _found(),
        looked=state.reachable,
        observed_at=state.observed_at,
        journal_since=JournalEntry.objects.aggregate(first=Min("seen"))["first"],
    )


def _own_part(
    own: str, flows: Mapping[Pair, Flow], flowing: Mapping[str, float], heard: Collection[str]
) -> tuple[dict[Pair, Flow], dict[str, float]]:
    """Leave what the service publishes and hears; of a type that it does not hear, its own part."""
    mine = {pair: flow for pair, flow in flows.items() if pair[1] == own}
    rate = {name: rate for name, rate in flowing.items() if name in heard}
    for pair, flow in mine.items():
        if pair[0] not in heard and pair[0] in flowing:
            rate[pair[0]] = flowing[pair[0]] * flow.share
            mine[pair] = replace(flow, share=1.0)
    return mine, rate


def _things(rows: Iterable[tuple[str, str, str]]) -> tuple[Thing, ...]:
    return tuple(Thing(name=name, owner=owner, detail=detail) for name, owner, detail in rows)


def _subscriptions(viewer: Viewer) -> tuple[Listening, ...]:
    rows = (
        Subscription.objects.visible_to(viewer)
        .live()
        .values_list(
            "event_type__name",
            "service__name",
            "state",
            "status__sync",
            "status__health",
            "status__message",
            "status__messages_ready",
            "status__consumers",
        )[:MOST_THINGS]
    )
    return tuple(
        Listening(
            event_type=event_type,
            service=service,
            paused=state == SubscriptionState.PAUSED,
            sync=sync or "unknown",
            health=health or "unknown",
            sentence=sentence or "",
            waiting=waiting or 0,
            consumers=consumers or 0,
        )
        for event_type, service, state, sync, health, sentence, waiting, consumers in rows
    )


def _workers(own: str | None) -> tuple[dict[str, int], frozenset[Pair]]:
    present = workers_present()
    if own is not None:
        present = present.filter(service=own)
    number: Counter[str] = Counter()
    announced: set[Pair] = set()
    for service, active, paused in present.order_by().values_list(
        "service", "subscriptions", "paused"
    )[:MOST_WORKERS]:
        number[service] += 1
        announced.update((event_type, service) for event_type in (*active, *paused))
    return dict(number), frozenset(announced)


def _flows() -> dict[Pair, Flow]:
    return cache.get_or_set("map.flows", _read_flows, FLOWS_KEPT_SECONDS) or {}


def _read_flows(now: datetime | None = None) -> dict[Pair, Flow]:
    lately = Q(seen__gte=(now or timezone.now()) - timedelta(minutes=MINUTES))
    rows = list(
        JournalEntry.objects.order_by()
        .values_list("type", "source")
        .annotate(last=Max("seen"), number=Count("pk", filter=lately))
        .order_by("-last")[:MOST_FLOWS]
    )
    totals: Counter[str] = Counter()
    for event_type, _, _, number in rows:
        totals[event_type] += number
    return {
        (event_type, source): Flow(share=number / (totals[event_type] or 1), last=last)
        for event_type, source, last, number in rows
        if source != SENDER  # whoever sends a test event is nobody's service
    }


def _dead(viewer: Viewer) -> dict[Pair, int]:
    rows = DeadLetter.objects.visible_to(viewer).waiting().order_by()
    found: Counter[Pair] = Counter()
    for queue, service, number in rows.values_list("queue", "service__name").annotate(
        number=Count("pk")
    ):
        own = parse_name(queue)
        found[own.event_type or "" if own else "", service] += number
    return dict(found)


def _found() -> tuple[Found, ...]:
    """Return what differs; what is unmanaged first, in case there is more than can be shown."""
    rows = BrokerObject.objects.filter(kind__in=_KINDS, sync__in=_OFF).order_by("-sync", "pk")
    return tuple(
        Found(
            kind=kind,
            name=name,
            sync=sync,
            sentence=sentence,
            source=str((found or {}).get("source", "")),
            destination=str((found or {}).get("destination", "")),
            to_exchange=(found or {}).get("destination_kind") == "exchange",
        )
        for kind, name, sync, sentence, found in rows.values_list(
            "kind", "name", "sync", "message", "found"
        )[:MOST_FOUND]
    )
