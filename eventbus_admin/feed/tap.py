"""`Tap`: the admin's own view on the stream of events."""

import secrets

import structlog
from django.utils import timezone

from bus_core.errors import BusError
from bus_core.link import ConsumeOptions, Consumption, Link
from bus_core.message import Delivery
from bus_core.topology import Topology, tap_queue
from eventbus_admin.feed import exchanges
from eventbus_admin.feed.ring import Ring
from eventbus_admin.journal.entries import Seen

PREFETCH = 1_000

log = structlog.get_logger(__name__)


class Tap:
    """Puts every event into a ring, at once and without a word to the broker.

    Its queue is exclusive and bounded, deliveries need no acknowledgement: whatever happens here,
    nobody else's events are held up or taken.
    """

    def __init__(self, link: Link, ring: Ring[Seen]) -> None:
        self._link = link
        self._ring = ring
        self._queue = ""
        self._following: frozenset[str] = frozenset()
        self._consumption: Consumption | None = None

    def follow(self, registered: frozenset[str], found: frozenset[str]) -> None:
        """Listen to these event types and to no others; missing bindings are made again.

        `registered` types may be declared, of the others the exchange was `found`. Raises a
        `BusError` when the broker does not let us.
        """
        wanted = registered | found
        consumption = self._consumption
        if consumption is None or self._following - wanted:
            consumption = self._replace(registered)
        consumption.extend(exchanges.to_declare(registered, self._queue))
        for event_type in sorted(found - registered):
            self._bind(consumption, event_type)
        self._following = wanted

    def close(self) -> None:
        """Stop listening."""
        if self._consumption is not None:
            self._consumption.close()

    def _replace(self, registered: frozenset[str]) -> Consumption:
        """Take a new queue; the old one goes afterwards: an event may come twice, none is lost."""
        old = self._consumption
        queue = tap_queue(secrets.token_hex(8))
        self._queue = queue.name
        topology = Topology(queues=(queue,)) + exchanges.to_declare(registered, queue.name)
        self._consumption = self._link.consume(
            ConsumeOptions(queue=queue.name, topology=topology, prefetch=PREFETCH, auto_ack=True),
            self._on_delivery,
        )
        if old is not None:
            old.close()
        return self._consumption

    def _bind(self, consumption: Consumption, event_type: str) -> None:
        try:
            consumption.extend(exchanges.to_bind(frozenset({event_type}), self._queue))
        except BusError as error:
            # It may have been deleted since the broker was last looked at.
            log.debug("feed.not_bound", event_type=event_type, error=str(error))

    def _on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        self._ring.put(Seen(message, delivery.exchange, timezone.now()), len(message.body))
