"""The example's services at a broker of the test's own, and somebody beside them who listens."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bus_core import Event, EventBus, connect
from bus_core.connecting import open_link
from bus_core.copies import DEAD_REASON
from bus_core.link import ConsumeOptions
from bus_core.message import Delivery
from bus_core.topology import (
    control_topology,
    dead_letters,
    event_type_topology,
    handling_topology,
    merge,
    subscription_topology,
)
from examples.libero import crossref_exporter, export_manager, meca_exporter, submission
from tests.harness.poll import wait_until

SUBSCRIPTIONS = {
    "exportRequested": "export-manager",
    "beginMecaExport": "meca-exporter",
    "beginCrossrefExport": "crossref-exporter",
    "exportSuccessful": "submission",
}
LISTENER = "listener"


@dataclass
class Listener:
    """Hears every event, and holds what each service gave up."""

    heard: dict[str, list[Event]] = field(
        default_factory=lambda: {one: [] for one in SUBSCRIPTIONS}
    )
    dead: dict[str, list[Delivery]] = field(
        default_factory=lambda: {one: [] for one in SUBSCRIPTIONS.values()}
    )

    def wait_for(self, **expected: int) -> None:
        """Wait until exactly so many events of these types were heard."""
        wait_until(
            lambda: all(len(self.heard[one]) == count for one, count in expected.items()),
            timeout=30,
            message=lambda: f"heard { ({one: len(events) for one, events in self.heard.items()}) }",
        )

    def journals(self, event_type: str) -> list[str]:
        """Whose events of this type were heard, in order."""
        return [event.payload["journal"] for event in self.heard[event_type]]

    def reasons(self) -> dict[str, list[str]]:
        """Why events were given up, by service; services that gave up none are left out."""
        return {
            service: [one.message.headers[DEAD_REASON] for one in dead]
            for service, dead in self.dead.items()
            if dead
        }


@dataclass
class Libero:
    """The four services, running, and a listener who was there before them."""

    listener: Listener
    successes: submission.Successes
    asking: EventBus

    def request(self, journal: str, article_id: str = "64567") -> Event:
        """Ask for an export, as submission does."""
        event = submission.export_requested(journal, article_id)
        self.asking.publish(event)
        return event

    def wait_for_successes(self, **expected: int) -> None:
        """Wait until submission has counted exactly these, by journal."""
        wanted = {journal.replace("_", "-"): count for journal, count in expected.items()}
        counted = self.successes.by_journal
        wait_until(lambda: counted == wanted, timeout=30, message=lambda: f"counted {counted}")

    def wait_for_dead_letters(self, **expected: list[str]) -> None:
        """Wait until exactly these were given up: service and reasons."""
        wanted = {service.replace("_", "-"): reasons for service, reasons in expected.items()}
        listener = self.listener
        wait_until(
            lambda: listener.reasons() == wanted,
            timeout=30,
            message=lambda: f"given up: {listener.reasons()}",
        )


@pytest.fixture(params=["memory", "rabbitmq"])
def url(request: pytest.FixtureRequest) -> str:
    """Where an empty broker is."""
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    found: str = request.getfixturevalue("rabbit").amqp_url
    return found


@pytest.fixture
def listener(url: str) -> Iterator[Listener]:
    """A listener at the broker, which has the queues of everybody: nothing is missed."""
    listener = Listener()
    prepare(url)
    link = open_link(url, client_name="test")
    for service, found in listener.dead.items():
        link.consume(ConsumeOptions(queue=dead_letters(service)), found.append)
    with connect(url, service=LISTENER) as bus:
        for event_type, events in listener.heard.items():
            bus.subscribe(event_type)(events.append)
        bus.start()
        yield listener
    link.close()


@pytest.fixture
def libero(url: str, listener: Listener) -> Iterator[Libero]:
    """The services as their modules build them."""
    successes = submission.Successes()
    asking = submission.build(url, successes)
    buses = [asking, *(module.build(url) for module in _OTHERS)]
    for bus in buses:
        bus.start()
    yield Libero(listener, successes, asking)
    for bus in buses:
        bus.close(grace=5)


_OTHERS = (export_manager, meca_exporter, crossref_exporter)


def prepare(url: str) -> None:
    """Make every queue beforehand: what is published before one exists is lost to it."""
    parts = []
    for event_type, service in SUBSCRIPTIONS.items():
        for one in (service, LISTENER):
            parts += [handling_topology(one), control_topology(one)]
            parts += [event_type_topology(event_type), subscription_topology(event_type, one)]
    link = open_link(url, client_name="test")
    link.declare(merge(parts))
    link.close()
