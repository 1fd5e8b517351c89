"""Of all that a broker tells, only what may be about something of ours counts."""

from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from bus_core.topology import Binding, Exchange, Queue, consumer_policy, tap_queue
from eventbus_admin.broker.address import with_vhost
from eventbus_admin.broker.changes import HEARS, MemoryChanges, concerns_us

VHOST = "events"
QUEUE = "consumer__exportRequested__export-manager"
TAP = "tap__0a1b"
FOREIGN = "orders"


@pytest.mark.parametrize(
    ("key", "told", "ours"),
    [
        ("queue.deleted", {"name": QUEUE, "vhost": VHOST}, True),
        ("queue.deleted", {"name": QUEUE, "vhost": "/"}, False),
        ("queue.created", {"name": FOREIGN, "vhost": VHOST}, False),
        ("queue.created", {"name": TAP, "vhost": VHOST}, False),
        ("exchange.deleted", {"name": "event__exportRequested", "vhost": VHOST}, True),
        (
            "binding.deleted",
            {"source_name": FOREIGN, "destination_name": QUEUE, "vhost": VHOST},
            True,
        ),
        (
            "binding.created",
            {"source_name": "event__exportRequested", "destination_name": FOREIGN, "vhost": VHOST},
            True,
        ),
        (
            "binding.created",
            {"source_name": "event__exportRequested", "destination_name": TAP, "vhost": VHOST},
            False,
        ),
        ("policy.set", {"name": "anybodys", "vhost": VHOST}, True),
        ("user.deleted", {"name": "bus__meca-exporter__a@events"}, True),
        ("user.password.changed", {"name": "bus__meca-exporter__a@events"}, True),
        ("user.deleted", {"name": "guest"}, False),
        ("permission.deleted", {"user": "bus__meca-exporter__a@events", "vhost": VHOST}, True),
        ("permission.deleted", {"user": "guest", "vhost": VHOST}, False),
        ("vhost.created", {"name": VHOST}, False),
        ("queue.deleted", {}, False),
    ],
)
def test_what_rabbitmq_tells(key: str, told: dict[str, Any], ours: bool) -> None:
    assert concerns_us(key, told, VHOST) is ours


def test_what_the_embedded_broker_tells() -> None:
    memory, heard = MemoryBroker(), [0]

    def note() -> None:
        heard[0] += 1

    listening = MemoryChanges(memory).listen(note)
    assert listening.look() == HEARS
    memory.declare_exchange(Exchange(name="event__A"))
    memory.declare_queue(Queue(name="consumer__A__s"))
    binding = Binding(source="event__A", queue="consumer__A__s")
    memory.bind(binding)
    assert heard == [3]

    # The same again changes nothing.
    memory.declare_exchange(Exchange(name="event__A"))
    memory.declare_queue(Queue(name="consumer__A__s"))
    memory.bind(binding)
    memory.declare_queue(tap_queue("0a1b"))
    memory.bind(Binding(source="event__A", queue=TAP))
    assert heard == [3]

    memory.unbind(binding)
    memory.unbind(binding)
    memory.put_policy(consumer_policy())
    memory.delete_queue("consumer__A__s")
    memory.delete_exchange("event__A")
    assert heard == [7]

    listening.close()
    memory.declare_exchange(Exchange(name="event__B"))
    assert heard == [7]


def test_a_url_may_lead_to_another_virtual_host() -> None:
    assert with_vhost("amqp://a:b@x/events, amqps://a:b@y:5671/events?heartbeat=5", "/") == (
        "amqp://a:b@x/%2F,amqps://a:b@y:5671/%2F?heartbeat=5"
    )
