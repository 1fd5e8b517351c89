"""`Mover`: moves what a queue holds into another one, so that nothing is lost on the way.

Each message is confirmed in its new queue before it leaves the old one: a crash in between makes a
duplicate, never a loss. Above the link, so that it works on any broker.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from bus_core.copies import same
from bus_core.errors import BusError
from bus_core.link import ConsumeOptions, Consumption, Link, Settlement
from bus_core.message import Delivery, Message
from bus_core.topology import Queue, Topology

ON_THE_WAY = 100
SEND_SECONDS = 30.0
CLOSE_SECONDS = 10.0


class Mover:
    """Moves until it is closed; everything happens on the link's own thread.

    `copy` makes the message that is sent from the one that came. What cannot be sent is held and
    sent again when somebody calls `go_on`: giving it back would use it up in a queue with a
    delivery limit. At most `ON_THE_WAY` messages are between the two queues.
    """

    def __init__(
        self, link: Link, source: str, target: str, *, copy: Callable[[Message], Message] = same
    ) -> None:
        self.source = source
        self.target = target
        self.moved = 0
        """How many messages the new queue has got."""
        self.again = 0
        """How many of them may come a second time, because a connection was lost meanwhile."""
        self.error = ""
        """Why the last one that could not be sent could not, empty once something was sent."""
        self._link = link
        self._copy = copy
        self._state = threading.Condition()
        self._inbox: deque[Delivery] = deque()
        self._sending = self._resting = False
        self._held: list[Delivery] = []
        self._on_the_way = 0
        self._epoch = self._lost_epoch = -1
        self._consumption: Consumption | None = None

    @property
    def on_the_way(self) -> int:
        """How many messages have left neither queue for good."""
        with self._state:
            return self._on_the_way + len(self._held) + len(self._inbox)

    def start(self) -> None:
        """Begin; an absent broker is waited for, and so is an absent queue."""
        consumption = self._link.consume(
            ConsumeOptions(
                queue=self.source,
                topology=Topology(queues=(Queue(name=self.source),)),
                prefetch=ON_THE_WAY,
                in_order=True,
                may_declare=False,
            ),
            self._on_delivery,
            on_lost=self._on_lost,
        )
        with self._state:
            self._consumption = consumption
        self._send_all()

    def go_on(self) -> None:
        """Send again what could not be sent."""
        with self._state:
            self._inbox.extend(self._held)
            self._held.clear()
        self._send_all()

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Stop; what is on the way may arrive within `timeout` seconds, the rest goes back."""
        consumption = self._consumption
        if consumption is None:
            return
        # Not by cancelling: what a quorum queue has sent meanwhile comes back in any order then,
        # and as it was after the error by which `in_order` ends a channel (RabbitMQ 3.10).
        with self._state:
            self._resting = True
            self._state.wait_for(lambda: not self._on_the_way, timeout)
        try:
            consumption.close().result(timeout)
        except TimeoutError:
            return  # the broker is silent; it gives all that is unsettled back
        with self._state:
            self._held.clear()
            self._inbox.clear()

    # -- the link's thread --

    def _on_delivery(self, delivery: Delivery) -> None:
        with self._state:
            self._epoch = delivery.epoch
            self._inbox.append(delivery)
        self._send_all()

    def _on_lost(self) -> None:
        with self._state:
            self._lost_epoch = self._epoch
            self._held.clear()  # they come again
            self._inbox.clear()

    def _send_all(self) -> None:
        """Send what has come, in its order; sending may make more come on this very thread."""
        with self._state:
            if self._sending or self._consumption is None:
                return
            self._sending = True
        while True:
            with self._state:
                if self._resting or not self._inbox:
                    self._sending = False
                    return
                delivery = self._inbox.popleft()
                self._on_the_way += 1
            self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        try:
            sending = self._link.publish(
                "", self.target, self._copy(delivery.message), mandatory=True, timeout=SEND_SECONDS
            )
        except BusError as error:
            self._not_sent(delivery, error)
        else:
            sending.add_done_callback(partial(self._sent, delivery))

    def _sent(self, delivery: Delivery, sending: "Future[None]") -> None:
        error = sending.exception()
        if error is not None:
            self._not_sent(delivery, error)
            return
        if self._consumption is not None:
            self._consumption.settle(delivery, Settlement.ACK)
        with self._state:
            self.moved += 1
            self.again += delivery.epoch <= self._lost_epoch
            self.error = ""
            self._leave()

    def _not_sent(self, delivery: Delivery, error: BaseException) -> None:
        with self._state:
            self.error = str(error)
            if delivery.epoch > self._lost_epoch:
                self._held.append(delivery)
                # What the broker may have got is sent once more.
                self.again += isinstance(error, BusError) and not error.outcome_known
            self._leave()

    def _leave(self) -> None:
        self._on_the_way -= 1
        self._state.notify_all()
