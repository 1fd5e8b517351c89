"""RabbitMQ passes the suite that every bus passes, with each kind of queue."""

from typing import Any

import pytest

from bus_core import EventBus
from bus_core.testing import Features
from bus_core.testing.inbox import Inbox, Then
from bus_core.topology import QueueKind, consumer_queue
from tests.conformance.over_a_link import LinkConformance, Observer
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost


class TestRabbitMQ(LinkConformance):
    @pytest.fixture(autouse=True)
    def _vhost(self, rabbit: Vhost) -> None:
        self.rabbit = rabbit

    @pytest.fixture
    def url(self, rabbit: Vhost) -> str:
        return rabbit.amqp_url

    def cut(self, broker: Observer, bus: EventBus) -> None:
        def consuming() -> list[str]:
            found = self.rabbit.api("GET", "vhosts/{vhost}/connections")
            name = f"{bus.service} (consuming)"
            return [one["name"] for one in found if one.get("user_provided_name") == name]

        for name in wait_until(consuming, message="management does not show the connection"):
            self.rabbit.api("DELETE", f"connections/{name.replace(' ', '%20').replace('>', '%3E')}")


@pytest.mark.long
class TestRabbitMQClassic(TestRabbitMQ):
    """On queues without arguments, which is what Libero's TypeScript bus declares.

    They need no policy for it: retries and dead letters are copies that the library sends.
    """

    features = Features(ordered=False)  # a kind of its own, with queues of its own

    def subscribe(
        self, bus: EventBus, event_type: str, then: Then | None = None, **options: Any
    ) -> Inbox:
        return super().subscribe(bus, event_type, then, **{"kind": QueueKind.CLASSIC, **options})

    def test_the_queues_are_classic(self) -> None:
        inbox = self.listen("exportRequested")
        queue = consumer_queue(inbox.event_type, inbox.bus.service)
        assert self.rabbit.api("GET", f"queues/{{vhost}}/{queue}")["type"] == "classic"
