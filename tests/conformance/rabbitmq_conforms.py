"""RabbitMQ passes the suite that every bus passes."""

import pytest

from bus_core import EventBus
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
