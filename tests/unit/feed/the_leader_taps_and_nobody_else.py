"""One process listens: whoever leads, for as long as it does."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bus_core.errors import BusError
from bus_core.link import LinkState
from bus_core.memory import MemoryBroker, MemoryLink, shared_broker
from bus_core.reports import Announcement, Receipt, encode_announcement, encode_receipts
from bus_core.topology import REPORTS
from eventbus_admin.feed.loop import Feed, Session
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.registry.models import EventType
from tests.unit.feed.conftest import Bus

# The loop looks after its connection, so it must not run inside a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)


class Silent:
    """A broadcaster that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> bool:
        """Keep it."""
        self.told.append(message)
        return True


class Script:
    """Says that this process leads, and does one thing each time it is asked."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    def __call__(self) -> bool:
        if not self._steps:
            return False
        self._steps.pop(0)()
        return True


def nothing() -> None:
    """A step in which time passes."""


def run(bus: Bus, *steps: Callable[[], object]) -> Silent:
    """Run a session in this thread until the steps are done."""
    told = Silent()
    session = Session(MemoryLink(bus.broker), told)  # type: ignore[arg-type]
    session.run(threading.Event(), Script(nothing, *steps, nothing))
    return told


def test_what_flows_while_it_leads_is_journaled_and_told(
    make_event_type: Callable[..., EventType],
) -> None:
    make_event_type("exportRequested")
    BrokerObject.objects.create(
        kind="exchange",
        name="event__stray",
        sync=Sync.UNMANAGED,
        found={},
        since=timezone.now(),
    )
    BrokerObject.objects.create(
        kind="exchange", name="event__missing", sync=Sync.MISSING, since=timezone.now()
    )
    bus = Bus()
    bus.publish("stray")

    told = run(bus, lambda: bus.publish("exportRequested"), lambda: bus.publish("stray"))

    bus.publish("exportRequested")
    assert set(JournalEntry.objects.values_list("type", flat=True)) == {"exportRequested", "stray"}
    assert JournalEntry.objects.count() == 2
    assert [one["type"] for one in told.told].count("feed.events") == 2
    assert bus.taps == []


def test_reports_are_recorded_and_outcomes_are_told() -> None:
    bus = Bus()
    hello = Announcement(
        service="export-manager",
        worker="host/1/a",
        host="host",
        pid=1,
        version="0.1.0",
        subscriptions=("exportRequested",),
    )
    receipt = Receipt(
        event_id="e1",
        event_type="exportRequested",
        service="export-manager",
        outcome="handled",
        attempts=1,
        ms=2.0,
        at="2026-11-23T12:00:00Z",
        worker="host/1/a",
    )

    told = run(
        bus,
        lambda: bus.publisher.tell(REPORTS, encode_announcement(hello)),
        lambda: bus.publisher.tell(REPORTS, encode_receipts("export-manager", [receipt])),
        lambda: bus.publisher.tell(REPORTS, encode_receipts("export-manager", [])),
    )

    assert WorkerPresence.objects.get().worker == "host/1/a"
    assert Outcome.objects.get().service == "export-manager"
    assert [one["type"] for one in told.told].count("feed.outcomes") == 1


def test_who_does_not_lead_does_not_connect() -> None:
    stop = threading.Event()
    asked = []

    def leads() -> bool:
        asked.append(1)
        if len(asked) == 3:
            stop.set()
        return False

    Feed("memory://nobody-leads-here", Silent(), leads).run(stop)  # type: ignore[arg-type]
    assert shared_broker("nobody-leads-here").snapshot().queues == ()


def test_a_connection_that_is_refused_for_good_is_an_error() -> None:
    link = MemoryLink(MemoryBroker())
    session = Session(link, Silent())  # type: ignore[arg-type]
    link.close()
    assert link.state is LinkState.CLOSED

    with pytest.raises(BusError):
        session.run(threading.Event(), lambda: True)
