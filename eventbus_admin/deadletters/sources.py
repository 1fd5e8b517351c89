"""`Sources`: the dead-letter queues that are read, and what came from them and is not written."""

import threading
from collections.abc import Collection
from itertools import islice

from bus_core.link import ConsumeOptions, Consumption, Link, Settlement
from bus_core.message import Delivery
from bus_core.topology import Queue, Topology, dead_letters
from eventbus_admin.deadletters.taking_in import Arrived

PREFETCH = 20
"""Of one queue; a message may be 16 MiB long, so this bounds what is held here."""


class Sources:
    """Consumes `dead__S` of each service that it is told to follow; acknowledges nothing itself."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._sources: dict[str, _Source] = {}

    def follow(self, services: Collection[str]) -> None:
        """Read the queues of these services, and of no others."""
        for service in [one for one in self._sources if one not in services]:
            self._sources.pop(service).close()
        for service in services:
            if service not in self._sources:
                self._sources[service] = _Source(self._link, service)

    def waiting(self, limit: int) -> list[Arrived]:
        """Return up to `limit` messages that are not written yet; they stay here until taken."""
        found: list[Arrived] = []
        for source in self._sources.values():
            found += source.waiting(limit - len(found))
            if len(found) == limit:
                break
        return found

    def written(self, arrived: Collection[Arrived]) -> None:
        """Acknowledge what is committed."""
        for one in arrived:
            if source := self._sources.get(one.service):
                source.written(one.delivery)

    def set_aside(self, arrived: Arrived) -> None:
        """Forget one that cannot be written; unacknowledged, it stays with the broker."""
        if source := self._sources.get(arrived.service):
            source.forget(arrived.delivery)

    def close(self) -> None:
        """Stop reading; what is not acknowledged goes back to its queue."""
        self.follow(())


class _Source:
    def __init__(self, link: Link, service: str) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._held: dict[tuple[int, int], Arrived] = {}
        queue = dead_letters(service)
        self._consumption: Consumption = link.consume(
            ConsumeOptions(
                queue=queue,
                topology=Topology(queues=(Queue(name=queue),)),
                prefetch=PREFETCH,
                may_declare=False,
            ),
            self._on_delivery,
            on_lost=self._on_lost,
        )

    def waiting(self, limit: int) -> list[Arrived]:
        with self._lock:
            return list(islice(self._held.values(), limit))

    def written(self, delivery: Delivery) -> None:
        self.forget(delivery)
        self._consumption.settle(delivery, Settlement.ACK)

    def forget(self, delivery: Delivery) -> None:
        with self._lock:
            self._held.pop((delivery.epoch, delivery.tag), None)

    def close(self) -> None:
        self._consumption.close()

    # -- the link's thread --

    def _on_delivery(self, delivery: Delivery) -> None:
        with self._lock:
            self._held[delivery.epoch, delivery.tag] = Arrived(self._service, delivery)

    def _on_lost(self) -> None:
        with self._lock:
            self._held.clear()  # the broker has them, and delivers them again
