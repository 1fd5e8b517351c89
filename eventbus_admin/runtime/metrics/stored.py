"""What the database says, the same in every process: a constant number of queries, no broker."""

import platform
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

import django
from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from eventbus_admin.broker.changes import Hearing
from eventbus_admin.feed.models import FeedState
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.reconcile.lease import LEADER
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Health,
    Lease,
    ReconcileState,
    Run,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.runtime.metrics.text import MAX_SAMPLES, Family, Sample, counter, gauge

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
_RUNS_READ = 5_000
_MORE = MAX_SAMPLES + 1
"""One more than is told, so that leaving out is noticed."""


def families(now: datetime | None = None) -> list[Family]:
    """Return all of it; raises a database's error when that is away."""
    now = now or timezone.now()
    state = ReconcileState.objects.first() or ReconcileState()
    return [
        *_broker(state, now),
        *_drift(),
        *_subscriptions(),
        *_dead_letters(state),
        *_runs(now),
        *_lease(now),
        *_feed(),
        *_journal(now),
        _build(state),
    ]


def _broker(state: ReconcileState, now: datetime) -> Iterator[Family]:
    yield gauge("broker_reachable", "Whether the leader could read the broker.", state.reachable)
    if state.observed_at is not None:
        age = max((now - state.observed_at).total_seconds(), 0.0)
        yield gauge("broker_look_age_seconds", "Since the last complete look.", round(age, 3))
    yield gauge(
        "broker_hints",
        "Whether the broker tells the leader of changes as they happen.",
        [({"state": one.value}, state.hearing == one) for one in Hearing],
    )
    yield gauge("registry_revision", "Raised by every change.", current_revision())
    yield gauge("applied_revision", "The last that the broker has.", state.applied_revision)


def _drift() -> Iterator[Family]:
    counts = {
        (kind, sync): number
        for kind, sync, number in BrokerObject.objects.order_by()
        .values_list("kind", "sync")
        .annotate(number=Count("pk"))
    }
    # Zeros too: an alert can tell "none" from "not asked".
    counts = {(kind.value, sync.value): 0 for kind in ObjectKind for sync in Sync} | counts
    yield gauge(
        "objects",
        "Objects on the broker or in the registry, by how they compare.",
        [({"kind": kind, "sync": sync}, number) for (kind, sync), number in counts.items()],
    )


def _subscriptions() -> Iterator[Family]:
    rows = list(
        SubscriptionStatus.objects.order_by("-messages_ready", "pk").values_list(
            "subscription__event_type__name",
            "subscription__service__name",
            "messages_ready",
            "messages_unacked",
            "consumers",
            "health",
        )[:_MORE]
    )
    ready: list[Sample] = []
    unacked: list[Sample] = []
    consumers: list[Sample] = []
    health: list[Sample] = []
    by_health = dict.fromkeys(Health.values, 0)
    for event_type, service, waiting, held, workers, how in rows:
        labels = {"event_type": event_type, "service": service}
        ready.append((labels, waiting))
        unacked.append((labels, held))
        consumers.append((labels, workers))
        health.append(({**labels, "health": how}, 1))
        by_health[how] = by_health.get(how, 0) + 1
    yield gauge("subscription_messages_ready", "Events that wait in its queue.", ready)
    yield gauge("subscription_messages_unacked", "Events that its workers hold.", unacked)
    yield gauge("subscription_consumers", "Consumers of its queue.", consumers)
    yield gauge("subscription_health", "1 for the state that it is in.", health)
    yield gauge(
        "subscriptions",
        "Subscriptions with a queue, by health.",
        [({"health": how}, number) for how, number in by_health.items()],
    )


def _dead_letters(state: ReconcileState) -> Iterator[Family]:
    waiting = state.dead_letters.items()
    yield gauge(
        "dead_letters",
        "Events in the dead-letter queue of each service that has any.",
        [({"service": service}, number) for service, number in waiting],
    )


def _runs(now: datetime) -> Iterator[Family]:
    rows = list(
        Run.objects.filter(created__gte=now - HOUR)
        .order_by("-created")
        .values_list("state", "started", "finished")[:_RUNS_READ]
    )
    counts = dict.fromkeys(Run.State.values, 0)
    took: list[float] = []
    for how, started, finished in rows:
        counts[how] = counts.get(how, 0) + 1
        if started and finished:
            took.append((finished - started).total_seconds())
    yield gauge(
        "runs_last_hour",
        "Runs begun in the last hour, by result.",
        [({"state": how}, number) for how, number in counts.items()],
    )
    yield gauge("run_seconds_max_last_hour", "How long the longest took.", max(took, default=0.0))
    yield gauge("run_seconds_sum_last_hour", "How long all of them took.", round(sum(took), 6))


def _lease(now: datetime) -> Iterator[Family]:
    lease = Lease.objects.filter(name=LEADER).first() or Lease()
    held = bool(lease.holder) and lease.expires is not None and lease.expires > now
    yield gauge("lease_held", "Whether a worker leads.", held)
    yield gauge("lease_fence", "Raised at every change of leader.", lease.fence)
    holder = [({"holder": lease.holder}, 1)] if held else []
    yield gauge("lease_holder", "Which worker leads: host, process, a random word.", holder)


def _feed() -> Iterator[Family]:
    feed = FeedState.objects.first() or FeedState()
    yield gauge("feed_events_per_second", "As the tap of the leader sees them.", feed.rate)
    yield counter("feed_events_total", "Events that its pump has moved.", feed.events)
    yield counter(
        "feed_dropped_total", "Events and reports that came faster than it moves.", feed.dropped
    )
    yield counter(
        "feed_unwritten_total",
        "Entries of the journal given up while the database was away.",
        feed.unwritten,
    )


def _journal(now: datetime) -> Iterator[Family]:
    rows = (
        ("events", JournalEntry.objects.count()),
        ("outcomes", Outcome.objects.count()),
        ("workers", WorkerPresence.objects.count()),
    )
    yield gauge(
        "journal_rows", "Rows of the journal.", [({"of": name}, number) for name, number in rows]
    )
    lately = (
        JournalEntry.objects.filter(seen__gt=now - MINUTE)
        .order_by()
        .values_list("type")
        .annotate(number=Count("pk"))
        .order_by("-number", "type")[:_MORE]
    )
    yield gauge(
        "events_last_minute",
        "Events seen in the last minute, by type.",
        [({"event_type": name}, number) for name, number in lately],
    )


def _build(state: ReconcileState) -> Family:
    return gauge(
        "build_info",
        "What runs here.",
        [
            (
                {
                    "version": _own_version(),
                    "python": platform.python_version(),
                    "django": django.get_version(),
                    "backend": str(settings.EVENTBUS_BACKEND),
                    "broker_version": state.broker_version,
                },
                1,
            )
        ],
    )


def _own_version() -> str:
    try:
        return version("bus-core")
    except PackageNotFoundError:  # run from its folder
        return ""
