"""A bus with several hosts in its URL goes to the next one when it has lost one."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bus_core import Event, connect
from tests.harness.relay import Relay
from tests.harness.vhosts import Vhost


@pytest.fixture
def relays(rabbit: Vhost) -> Iterator[list[Relay]]:
    """Two ways to the broker, which look like two hosts."""
    with ExitStack() as stack:
        yield [stack.enter_context(Relay(rabbit.node.ports.amqp)) for _ in range(2)]


def test_it_leaves_the_host_that_it_lost_and_names_it(
    rabbit: Vhost, relays: list[Relay], caplog: pytest.LogCaptureFixture
) -> None:
    own = f":{rabbit.node.ports.amqp}/"
    url = ",".join(rabbit.amqp_url.replace(own, f":{relay.port}/") for relay in relays)
    lost: list[Relay] = []
    with connect(url, service="submission") as bus:
        for _ in range(4):
            bus.publish(Event("exportRequested"))
            lost += [relay for relay in relays if relay.cut()]
        bus.publish(Event("exportRequested"))
    first, second = lost[:2]
    assert first is not second
    assert lost == [first, second] * 2
    told = [one for one in caplog.messages if "no connection to RabbitMQ" in one]
    assert [f":{relay.port} (" in one for relay, one in zip(lost, told, strict=True)] == [True] * 4
