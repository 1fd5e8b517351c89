"""Moving messages and replacing queues on RabbitMQ."""

import pytest

from tests.conformance.link_behaviour import LinkBehaviour
from tests.harness.vhosts import Vhost


class TestRabbitLink(LinkBehaviour):
    @pytest.fixture
    def url(self, rabbit: Vhost) -> str:
        return rabbit.amqp_url
