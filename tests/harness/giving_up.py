"""A service at an embedded broker that gives something up, in each way there is."""

import uuid

from bus_core import Event, Reject, connect
from bus_core.connecting import open_link
from bus_core.envelope import encode
from bus_core.link import ConsumeOptions, Link, Settlement
from bus_core.memory import shared_broker
from bus_core.message import Delivery, Message
from bus_core.topology import (
    Policy,
    dead_letters,
    event_exchange,
    event_type_topology,
    handling_topology,
    merge,
    service_exchange,
    subscription_topology,
)
from tests.harness.poll import wait_until

SERVICE = "meca-exporter"
QUEUE = f"consumer__exportRequested__{SERVICE}"
LOST = f"consumer__oldEvent__{SERVICE}"


class Scene:
    """A broker with a service's queues, and ways to fill its dead letters."""

    def __init__(self) -> None:
        name = uuid.uuid4().hex
        self.url = f"memory://{name}"
        self.broker = shared_broker(name)
        self.link: Link = open_link(self.url, client_name="scene")
        self.link.declare(
            merge(
                (
                    handling_topology(SERVICE),
                    handling_topology("audit-log"),
                    event_type_topology("exportRequested"),
                    subscription_topology("exportRequested", SERVICE),
                    subscription_topology("exportRequested", "audit-log"),
                )
            )
        )

    def waiting(self, queue: str = dead_letters(SERVICE)) -> int:
        """How many messages nobody holds in a queue."""
        state = self.link.look(queue)
        return state.waiting if state else 0

    def give_up(self, *payloads: object, error: str = "no such journal") -> list[Event]:
        """Have a worker reject events, as it would anywhere."""
        events = [Event("exportRequested", payload) for payload in payloads]
        before = self.waiting()

        def reject(_event: Event) -> None:
            raise Reject(error)

        with connect(self.url, service=SERVICE) as bus:
            bus.subscribe("exportRequested")(reject)
            bus.start(wait=10)
            bus.publish_many(events)
            wait_until(lambda: self.waiting() == before + len(events))
        return events

    def wear_out(self, event: Event) -> None:
        """Return an event to its queue more often than that allows."""
        self.broker.put_policy(Policy(name="p", pattern=QUEUE, definition={"delivery-limit": 1}))
        before = self.waiting()
        self.link.publish(
            event_exchange(event.type), "", encode(event, service="submission")
        ).result(10)
        came: list[Delivery] = []
        consumption = self.link.consume(ConsumeOptions(queue=QUEUE), came.append)
        while self.waiting() == before:
            consumption.settle(came.pop(), Settlement.REJECT)
        consumption.close()

    def lose(self, event: Event) -> None:
        """Let an event come to the service's door when its queue is gone."""
        message = encode(event, service="submission")
        self.link.publish(service_exchange(SERVICE), LOST, message).result(10)

    def bury(self, message: Message) -> None:
        """Put a message among the dead letters as it is."""
        self.link.publish(dead_letters(SERVICE), "", message).result(10)
