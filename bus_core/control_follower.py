"""`ControlFollower`: reads what the registry tells the workers of a service, and follows it."""

import logging
import threading
from collections.abc import Callable

from bus_core.control import Directives
from bus_core.errors import UndecodableMessage
from bus_core.link import ConsumeOptions, Consumption, Link, LinkState, Settlement
from bus_core.message import Delivery
from bus_core.topology import control_stream, control_topology

logger = logging.getLogger(__name__)

FIRST_DIRECTIVE_SECONDS = 5.0
UNREADABLE_SECONDS = 30.0
"""So long a new worker waits for a stream that cannot be read, before it goes by its own code."""


class ControlFollower:
    """Calls `follow` with the newest directives, and with none when there are none.

    `follow` runs on a thread of its own, one call at a time; the latest directives win.
    """

    def __init__(
        self, link: Link, service: str, follow: Callable[[Directives], None], *, declare: bool
    ) -> None:
        self._link = link
        self._service = service
        self._follow = follow
        self._declare = declare
        self._changed = threading.Condition()
        self._newest: Directives | None = None
        self._silent = False
        self._expected = False
        self._closed = False
        self._consumption: Consumption | None = None
        self.known = False
        """Whether the first directives, or their absence, are known."""
        self.followed = threading.Event()
        """Set once they were followed."""

    def start(self) -> None:
        """Begin to follow; returns at once."""
        self._consumption = self._link.consume(
            ConsumeOptions(
                queue=control_stream(self._service),
                topology=control_topology(self._service),
                prefetch=100,
                from_last=True,
                may_declare=self._declare,
            ),
            self._on_delivery,
            on_ready=self._on_ready,
        )
        threading.Thread(target=self._run, name="bus-control", daemon=True).start()

    def close(self) -> None:
        """Follow no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._consumption is not None:
            self._consumption.close()

    def _on_ready(self, waiting: int | None) -> None:
        with self._changed:
            self._expected = bool(waiting)
            self._silent = not waiting
            self._changed.notify()

    def _on_delivery(self, delivery: Delivery) -> None:
        try:
            directives = Directives.decode(delivery.message)
        except UndecodableMessage as error:
            logger.warning("%s: a directive was ignored: %s", delivery.queue, error)
        else:
            with self._changed:
                self._newest = directives
                self._changed.notify()
        if self._consumption is not None:  # the first may come before consume() has returned
            self._consumption.settle(delivery, Settlement.ACK)

    def _run(self) -> None:
        while (directives := self._next()) is not None:
            self.known = True
            self._follow(directives)
            self.followed.set()

    def _next(self) -> Directives | None:
        with self._changed:
            if not self._wait_until_known():
                logger.warning(
                    "%s cannot be read: consuming as the code says, until it can",
                    control_stream(self._service),
                )
            if self._newest is None and not self._closed and self._expected:
                self._changed.wait_for(
                    lambda: self._newest is not None or self._closed, FIRST_DIRECTIVE_SECONDS
                )
            if self._closed:
                return None
            newest, self._newest = self._newest, None
            self._silent = self._expected = False
            return newest or Directives()

    def _wait_until_known(self) -> bool:
        """Wait for word; at the start not for ever, once there is a connection."""
        if self.known:
            return self._changed.wait_for(self._anything_known)
        while not self._changed.wait_for(self._anything_known, UNREADABLE_SECONDS):
            if self._link.state is LinkState.OPEN:
                return False
        return True

    def _anything_known(self) -> bool:
        first = not self.known and (self._silent or self._expected)
        return self._closed or self._newest is not None or first
