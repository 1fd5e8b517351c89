"""`HeldDeadLetters`: a service's dead letters, taken from the queue for a while, not removed."""

import threading

from bus_core.dead_letters.letter import DeadLetter, describe
from bus_core.errors import NotFound, NotReady, NotSent
from bus_core.link import ConsumeOptions, Consumption, Link, QueueState, Settlement
from bus_core.message import Delivery
from bus_core.topology import Queue, Topology, dead_letters

DEFAULT_LIMIT = 10_000
MAX_LIMIT = 65_535
"""AMQP lets no consumer hold more, unless it may hold everything."""
MAX_BYTES = 256 * 1024 * 1024
READABLE_SECONDS = 10.0
QUIET_SECONDS = 2.0
"""When nothing more has come for so long, somebody else has taken what was counted."""
CLOSE_SECONDS = 10.0


class HeldDeadLetters:
    """Reads what waits in `dead__S` when it begins, and holds it unacknowledged until closed.

    Whatever was not acknowledged goes back to the queue, which allows that without end. Others
    that read the queue meanwhile see the rest only. RabbitMQ takes back what is held for longer
    than its consumer timeout, 30 minutes unless told otherwise; `lost` says so then.
    """

    def __init__(self, link: Link, service: str, *, limit: int = DEFAULT_LIMIT) -> None:
        self.link = link
        self.service = service
        self.queue = dead_letters(service)
        self.found = QueueState(waiting=0, consumers=0)
        """How the queue stood before it was read."""
        self.lost = False
        """Whether the broker has taken back what was held."""
        self._limit = limit
        self._changed = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._bytes = 0
        self._waiting: int | None = None
        self._frozen = False
        self._consumption: Consumption | None = None

    @property
    def more(self) -> bool:
        """Whether more waited there than was read."""
        return self._waiting is not None and self._waiting > len(self._deliveries)

    def read(self, timeout: float = 30.0) -> list[DeadLetter]:
        """Return what waits there now, oldest first, at most so many as the limit says.

        `timeout` in seconds, for the broker's first answer. Raises `NotFound` when there is no
        such queue, `NotSent` when the broker is away, `NotReady` when it does not deliver.
        """
        found = self.link.look(self.queue, timeout=timeout)
        if found is None:
            raise NotFound(f"there is no queue {self.queue} on this broker")
        self.found = found
        self._consumption = self.link.consume(
            ConsumeOptions(
                queue=self.queue,
                topology=Topology(queues=(Queue(name=self.queue),)),
                prefetch=self._limit,
                may_declare=False,
            ),
            self._on_delivery,
            on_ready=self._on_ready,
            on_lost=self._on_lost,
        )
        self._wait_for_all()
        self._consumption.cancel()
        return [describe(one, self.service) for one in self._deliveries]

    def acknowledge(self, letter: DeadLetter) -> None:
        """Remove one from the queue, for good."""
        if self._consumption is not None:
            self._consumption.settle(letter.delivery, Settlement.ACK)

    def close(self) -> None:
        """Give back what was not acknowledged; returns when what was is gone."""
        if self._consumption is not None:
            try:
                self._consumption.close().result(CLOSE_SECONDS)
            except TimeoutError:
                self.lost = True

    # -- reading --

    def _wait_for_all(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting is not None, READABLE_SECONDS):
                raise NotReady(
                    f"{self.queue} exists, but delivers nothing here after {READABLE_SECONDS:g} s: "
                    "this user may lack the right to read it"
                )
            while not self._complete():
                before = len(self._deliveries)
                if not self._changed.wait_for(
                    lambda: self._complete() or len(self._deliveries) > before,  # noqa: B023
                    QUIET_SECONDS,
                ):
                    break
            self._frozen = True
        if self.lost:
            raise NotSent("the connection to the broker was lost while its answer was read")

    def _complete(self) -> bool:
        expected = min(self._limit, self._waiting or 0)
        return self.lost or self._bytes > MAX_BYTES or len(self._deliveries) >= expected

    # -- the link's thread --

    def _on_delivery(self, delivery: Delivery) -> None:
        with self._changed:
            # What comes later is not kept; it goes back with the rest.
            if not self._frozen and self._bytes <= MAX_BYTES:
                self._deliveries.append(delivery)
                self._bytes += len(delivery.message.body)
                self._changed.notify_all()

    def _on_ready(self, waiting: int | None) -> None:
        with self._changed:
            self._waiting = waiting or 0
            self._changed.notify_all()

    def _on_lost(self) -> None:
        with self._changed:
            self.lost = True
            self._changed.notify_all()
