"""The suite's hooks for buses whose broker is reached through a `Link`."""

from collections.abc import Iterator
from typing import Any

import pytest

from bus_core import EventBus, connect
from bus_core import topology as names
from bus_core.connecting import open_link
from bus_core.control import Directives
from bus_core.copies import DEAD_ATTEMPTS, DEAD_ERROR, DEAD_QUEUE, DEAD_REASON
from bus_core.link import ConsumeOptions, Link
from bus_core.message import Delivery, Message
from bus_core.testing import BusConformance, DeadLetter


class Observer:
    """Somebody beside the bus, at the same broker."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.link: Link = open_link(url, client_name="observer")
        self._dead: dict[str, list[Delivery]] = {}

    def dead_letters(self, service: str) -> list[Delivery]:
        """Return what waits there; it is held from the first call on, and goes back at the end."""
        if service not in self._dead:
            found = self._dead[service] = []
            options = ConsumeOptions(
                queue=names.dead_letters(service),
                topology=names.service_topology(service),
                prefetch=1000,
            )
            self.link.consume(options, found.append)
        return self._dead[service]


class LinkConformance(BusConformance):
    """Inherit and provide the fixture `url`."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def broker(self, url: str) -> Iterator[Observer]:
        observer = Observer(url)
        yield observer
        observer.link.close()

    def connect(self, broker: Observer, service: str, **options: Any) -> EventBus:
        return connect(broker.url, service=service, **options)

    def dead_letters(self, broker: Observer, service: str) -> list[DeadLetter]:
        return [
            DeadLetter(
                event_type=names.parse_name(one.message.headers[DEAD_QUEUE]).event_type,
                reason=one.message.headers[DEAD_REASON],
                error=one.message.headers[DEAD_ERROR],
                attempts=one.message.headers[DEAD_ATTEMPTS],
                body=one.message.body,
            )
            for one in broker.dead_letters(service)
        ]

    def direct(self, broker: Observer, service: str, directives: Directives) -> None:
        broker.link.declare(names.service_topology(service))
        stream = names.control_stream(service)
        broker.link.publish("", stream, directives.encode(), mandatory=True).result(30)

    def raw_publish(self, broker: Observer, event_type: str, message: Message) -> None:
        broker.link.publish(names.event_exchange(event_type), "", message).result(30)
