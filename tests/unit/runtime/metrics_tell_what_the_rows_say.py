"""The numbers are those of the database, at the same cost for one row as for many."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventbus_admin.feed.models import FeedState
from eventbus_admin.feed.sockets import Sockets
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.reconcile.lease import LEADER
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Lease,
    ReconcileState,
    Run,
    SubscriptionStatus,
)
from eventbus_admin.registry.revision import bump_revision
from eventbus_admin.runtime.metrics import local, stored
from eventbus_admin.runtime.metrics.text import render
from eventbus_admin.runtime.traffic import TRAFFIC
from tests.unit.runtime.prometheus_reads_what_we_write import read

Fill = Callable[[int], None]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def fill(make_subscription: Callable[..., Any], now: datetime) -> Fill:
    """Make this many of everything."""

    def make(count: int) -> None:
        for number in range(count):
            name = f"T{BrokerObject.objects.count()}"
            BrokerObject.objects.create(kind="queue", name=name, sync="missing", since=now)
            SubscriptionStatus.objects.create(
                subscription=make_subscription(name, "s"),
                health="no_consumers",
                messages_ready=number + 3,
                messages_unacked=1,
                consumers=0,
            )
            JournalEntry.objects.create(
                event_id=name, type=name, correlation_id="c", created=now, seen=now
            )
            Outcome.objects.create(
                event_id=name, event_type=name, service="s", outcome="dead", at=now
            )
            Run.objects.create(
                state="done", started=now, finished=now + timedelta(seconds=number + 1)
            )

    return make


def told(now: datetime | None = None) -> dict[str, list[tuple[dict[str, str], float]]]:
    return read(render(stored.families(now)))


def value(name: str, **labels: str) -> float:
    """The one value with these labels, among others."""
    found = told()[f"eventbus_{name}"]
    (one,) = [sample[1] for sample in found if labels.items() <= sample[0].items()]
    return one


def test_everything_is_told(fill: Fill, now: datetime) -> None:
    fill(2)
    bump_revision()
    ReconcileState.objects.create(
        observed_at=now - timedelta(seconds=4),
        reachable=True,
        applied_revision=0,
        dead_letters={"s": 7},
        hearing="on",
        broker_version="3.10.8",
    )
    Lease.objects.create(
        name=LEADER, holder="host:1:ab", fence=3, expires=now + timedelta(seconds=9)
    )
    FeedState.objects.create(events=12, dropped=2, unwritten=1, rate=2.5)
    JournalEntry.objects.filter(event_id="T1").update(seen=now - timedelta(minutes=2))

    assert value("objects", kind="queue", sync="missing") == 2
    assert value("objects", kind="user", sync="in_sync") == 0
    assert (value("registry_revision"), value("applied_revision")) == (1, 0)
    assert value("broker_reachable") == 1
    assert 4 <= value("broker_look_age_seconds") < 60
    assert (value("broker_hints", state="on"), value("broker_hints", state="off")) == (1, 0)
    assert value("subscription_messages_ready", event_type="T1", service="s") == 4
    assert value("subscription_messages_unacked", event_type="T0") == 1
    assert value("subscription_consumers", event_type="T0") == 0
    assert value("subscription_health", event_type="T0", health="no_consumers") == 1
    assert value("subscriptions", health="no_consumers") == 2
    assert value("dead_letters", service="s") == 7
    assert value("runs_last_hour", state="done") == 2
    assert (value("run_seconds_max_last_hour"), value("run_seconds_sum_last_hour")) == (2, 3)
    assert (value("lease_held"), value("lease_fence")) == (1, 3)
    assert value("lease_holder", holder="host:1:ab") == 1
    assert (value("feed_events_per_second"), value("feed_events_total")) == (2.5, 12)
    assert (value("feed_dropped_total"), value("feed_unwritten_total")) == (2, 1)
    assert [value("journal_rows", of=one) for one in ("events", "outcomes", "workers")] == [2, 2, 0]
    assert told()["eventbus_events_last_minute"] == [({"event_type": "T0"}, 1)]
    assert value("build_info", backend="mock", broker_version="3.10.8") == 1


@pytest.mark.django_db
def test_an_empty_installation_tells_that_nobody_leads() -> None:
    assert value("lease_held") == 0
    assert value("broker_reachable") == 0
    assert "eventbus_broker_look_age_seconds" not in told()
    assert value("subscriptions", health="healthy") == 0


def test_many_rows_cost_as_many_queries_as_one(fill: Fill) -> None:
    fill(1)
    with CaptureQueriesContext(connection) as few:
        stored.families()
    fill(12)
    with CaptureQueriesContext(connection) as many:
        stored.families()
    assert len(few) == len(many) <= 12


def test_a_process_tells_what_it_answered() -> None:
    before = read(render(local.families())).get("eventbus_http_requests_total", [])
    TRAFFIC.count(418, 0.5)
    samples = read(render(local.families()))
    ((labels, count),) = [
        one for one in samples["eventbus_http_requests_total"] if one[0]["status"] == "4xx"
    ]
    assert count == 1 + sum(number for old, number in before if old["status"] == "4xx")
    assert labels["process"].rpartition(":")[2].isdecimal()
    assert samples["eventbus_process_memory_bytes"][0][1] > 1_000_000
    assert {"eventbus_feed_sockets", "eventbus_feed_socket_dropped_total"} <= set(samples)


def test_what_closed_sockets_lost_stays_counted() -> None:
    class Page:
        dropped = 4

    sockets, page, other = Sockets(), Page(), Page()
    sockets.add(page)
    sockets.add(other)
    assert (sockets.count, sockets.dropped) == (2, 8)
    for _ in range(2):
        sockets.remove(page)
    assert (sockets.count, sockets.dropped) == (1, 8)
