"""A whole bus on the embedded broker, with tap, reports, reconciler and keeper moved by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bus_core import Event, RetryPolicy
from bus_core.broker_bus import BrokerBus
from bus_core.memory import MemoryBroker, MemoryLink
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.deadletters.loop import Session
from eventbus_admin.feed import exchanges
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.pump import Pump
from eventbus_admin.feed.reports import Reports
from eventbus_admin.feed.tap import Tap
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.sight import EVERYTHING_SHOWN
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Subscription
from eventbus_admin.why.evidence import Evidence
from eventbus_admin.why.explaining import explain
from eventbus_admin.why.findings import Answer
from eventbus_admin.why.gathering import Question, gather
from tests.harness.poll import wait_until

TYPE, SERVICE = "articleAccepted", "journal"
QUEUE = f"consumer__{TYPE}__{SERVICE}"


class Site:
    """One installation; nothing of it runs but when it is told to."""

    def __init__(self) -> None:
        self.memory = MemoryBroker()
        self.broker = MockBroker(self.memory)
        self.wrong: Exception | None = None
        fence = Leadership().renew()
        assert fence is not None
        self.fence = fence
        self._links = [MemoryLink(self.memory) for _ in range(2)]
        self._broadcaster = Broadcaster()
        self._pump = Pump(self._broadcaster)
        self._tap = Tap(self._links[0], self._pump.events)
        self._reports = Reports(self._links[0], self._pump.reports)
        self._keeper = Session(self._links[1], fence)
        self._publisher = BrokerBus(MemoryLink(self.memory), service="submission")
        self._workers: list[BrokerBus] = []
        self.look()

    def subscribe(self) -> Subscription:
        """Subscribe, and have the broker brought to it."""
        found = actions.create_subscription(actor=SYSTEM, service=SERVICE, event_type=TYPE)
        self.look()
        return found

    def work(self, attempts: int = 1) -> None:
        """Start a worker."""
        worker = BrokerBus(MemoryLink(self.memory), service=SERVICE)
        worker.subscribe(TYPE, retry=RetryPolicy(attempts=attempts, delays_ms=(600_000,)))(
            self._handle
        )
        worker.start()
        self._workers.append(worker)

    def publish(self) -> str:
        """Publish one event and wait until the journal has it; return its id."""
        event = Event(TYPE, {"title": "On why"})
        self._publisher.publish(event)
        self.until(lambda: JournalEntry.objects.filter(event_id=event.id).exists())
        return event.id

    def look(self) -> None:
        """Have the reconciler look, and everything that waits moved into rows."""
        reconcile_once(self.broker, fence=self.fence)
        self._tap.follow(exchanges.registered(), exchanges.found())
        self.move()

    def move(self) -> None:
        """Move what was seen, reported and given up into rows."""
        self._keeper._due.clear()
        self._keeper.turn()
        self._pump.move()

    def until(self, said: Callable[[], Any]) -> Any:
        """Move until it is so."""

        def ask() -> Any:
            self.move()
            return said()

        return wait_until(ask)

    def ask(self, event_id: str) -> Answer:
        """Look at the broker, then ask."""
        self.look()
        return explain(self.evidence(event_id))

    def evidence(self, event_id: str) -> Evidence:
        """What rows say."""
        return gather(Question(event_id=event_id, service=SERVICE), sight=EVERYTHING_SHOWN)

    def close(self) -> None:
        """End all of it."""
        for worker in self._workers:
            worker.close(grace=1)
        self._publisher.close(grace=1)
        self._keeper._sources.close()
        self._tap.close()
        self._reports.close()
        self._broadcaster.close()
        for link in self._links:
            link.close(1)

    def _handle(self, _event: Event) -> None:
        if self.wrong is not None:
            raise self.wrong


@pytest.fixture
def site(make_event_type: Callable[..., Any], make_service: Callable[..., Any]) -> Iterator[Site]:
    """An event type and a service that does not listen to it yet."""
    make_event_type(TYPE)
    make_service(SERVICE)
    made = Site()
    yield made
    made.close()
