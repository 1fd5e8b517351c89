"""`Reports`: what workers tell about themselves and about the events they handled."""

import secrets

from django.utils import timezone

from bus_core.link import ConsumeOptions, Consumption, Link
from bus_core.message import Delivery
from bus_core.topology import REPORTS, Binding, Topology, bus_topology, tap_queue
from eventbus_admin.feed.ring import Ring
from eventbus_admin.journal.entries import Seen

PREFETCH = 1_000


class Reports:
    """Puts every report into a ring; as the tap, it can never hold up a worker."""

    def __init__(self, link: Link, ring: Ring[Seen]) -> None:
        self._ring = ring
        queue = tap_queue(secrets.token_hex(8))
        self._topology = Topology(
            exchanges=bus_topology().exchanges,
            queues=(queue,),
            bindings=(Binding(source=REPORTS, queue=queue.name),),
        )
        self._consumption: Consumption = link.consume(
            ConsumeOptions(
                queue=queue.name, topology=self._topology, prefetch=PREFETCH, auto_ack=True
            ),
            self._on_delivery,
        )

    def bind_again(self) -> None:
        """Make the binding again, should somebody have removed it."""
        self._consumption.extend(self._topology)

    def close(self) -> None:
        """Stop listening."""
        self._consumption.close()

    def _on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        self._ring.put(Seen(message, delivery.exchange, timezone.now()), len(message.body))
