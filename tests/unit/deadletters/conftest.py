"""A broker, a service whose handler can be mended, and a keeper that tests move by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from bus_core import Event, RetryPolicy
from bus_core.broker_bus import BrokerBus
from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.message import Message
from bus_core.topology import consumer_queue, dead_letters, service_exchange
from eventbus_admin.deadletters.loop import Session
from eventbus_admin.deadletters.models import DeadLetter, State
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.pump import Pump
from eventbus_admin.feed.reports import Reports
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.registry.models import Service, Subscription
from tests.harness.poll import wait_until

TYPE, SERVICE = "beginMecaExport", "meca-exporter"
QUEUE = consumer_queue(TYPE, SERVICE)


class Bench:
    """Everything together; `wrong` says what the handler raises, nothing when it is mended."""

    def __init__(self, leadership: Leadership) -> None:
        self.broker = MemoryBroker()
        self.wrong: Exception | None = ValueError("the archive is closed")
        self.handled: list[Any] = []
        self.leadership = leadership
        self.link = MemoryLink(self.broker)
        self.publisher = BrokerBus(MemoryLink(self.broker), service="submission")
        self.worker = self.replace_worker(RetryPolicy(attempts=1, delays_ms=(1000,)))
        self._broadcaster = Broadcaster()
        self._pump = Pump(self._broadcaster)
        self._reports = Reports(self.link, self._pump.reports)
        self.session = self.lead(leadership)

    def lead(self, leadership: Leadership) -> Session:
        """A keeper of its own, on the same broker."""
        fence = leadership.renew()
        assert fence is not None
        return Session(MemoryLink(self.broker), fence)

    def replace_worker(self, retry: RetryPolicy) -> BrokerBus:
        """Start a worker with the same handler."""
        worker = BrokerBus(MemoryLink(self.broker), service=SERVICE)
        worker.subscribe(TYPE, retry=retry)(self._handle)
        worker.start()
        self.wait_for_worker(QUEUE)
        return worker

    def wait_for_worker(self, queue: str) -> None:
        """Wait until somebody consumes it: what is published before that reaches nobody."""

        def consumed() -> bool:
            state = self.link.look(queue)
            return state is not None and state.consumers > 0

        wait_until(consumed)

    def publish(self, *payloads: Any) -> None:
        """Publish an event for each payload."""
        for payload in payloads:
            self.publisher.publish(Event(TYPE, payload))

    def put(self, body: bytes, key: str = QUEUE, **properties: Any) -> None:
        """Put a message through the service's door, whatever it holds."""
        message = Message(body=body, **properties)
        self.link.publish(service_exchange(SERVICE), key, message).result(5)

    def turn(self) -> None:
        """Have everything that is due done now."""
        self.session._due.clear()
        self.session.turn()
        self._pump.move()

    def until(self, said: Callable[[], Any], message: str = "") -> Any:
        """Turn until it is so."""

        def ask() -> Any:
            self.turn()
            return said()

        return wait_until(ask, message=message or states)

    def taken_in(self, number: int = 1) -> list[DeadLetter]:
        """Wait until so many wait here, and return them, the oldest first."""
        self.until(lambda: DeadLetter.objects.waiting().count() == number)
        return list(DeadLetter.objects.waiting().order_by("pk"))

    def in_queue(self) -> int:
        """How many the dead-letter queue holds, given out or not."""
        infos = self.broker.snapshot().queues
        return sum(
            info.ready + info.unacked for info in infos if info.queue.name == dead_letters(SERVICE)
        )

    def close(self) -> None:
        """End all of it."""
        self.session._sources.close()
        self._reports.close()
        self._broadcaster.close()
        self.worker.close(grace=1)
        self.publisher.close(grace=1)
        self.link.close(1)

    def _handle(self, event: Event) -> None:
        if self.wrong is not None:
            raise self.wrong
        self.handled.append(event.payload)


def states() -> str:
    """How the dead letters stand."""
    return str(list(DeadLetter.objects.order_by("pk").values_list("pk", "state", "error")))


def state_of(letter: DeadLetter) -> State:
    """Where a dead letter stands now."""
    return State(DeadLetter.objects.values_list("state", flat=True).get(pk=letter.pk))


@pytest.fixture
def subscription(make_subscription: Callable[..., Subscription]) -> Subscription:
    """`beginMecaExport` → `meca-exporter`, whose dead-letter queue was seen on the broker."""
    BrokerObject.objects.create(
        kind="queue",
        name=dead_letters(SERVICE),
        service_name=SERVICE,
        sync=Sync.IN_SYNC,
        should={},
        found={},
        since=timezone.now(),
    )
    return make_subscription(TYPE, SERVICE)


@pytest.fixture
def service(subscription: Subscription) -> Service:
    """`meca-exporter`."""
    return subscription.service


@pytest.fixture
def bench(subscription: Subscription) -> Iterator[Bench]:
    """All of it."""
    made = Bench(Leadership())
    yield made
    made.close()
