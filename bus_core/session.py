"""`Session`: one time of consuming a queue, from joining it to leaving it."""

import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from bus_core.link import ConsumeOptions, Consumption, Link, Settlement
from bus_core.message import Delivery

SUSPECT_AT = 2
"""Somebody ended holding an event, or returned it, this often."""
LEAVE_SECONDS = 3600.0
"""A handler may run that long after a pause before its event goes back to the queue."""
END_SHARE = 0.2
"""In this last part of the grace time no event is begun, so that those that run can end."""
CLOSE_SECONDS = 5.0
"""The broker has that long to confirm that a consumer has left."""


class Settle(Protocol):
    """Settles the delivery that is being handled; may be called from any thread, once."""

    def __call__(self, settlement: Settlement) -> None: ...


class HandlesDeliveries(Protocol):
    """What a session does with its deliveries."""

    def handle(self, delivery: Delivery, settle: Settle, stopping: threading.Event) -> None:
        """Handle one delivery and see to it that it gets settled, now or later.

        `stopping` is set when the session ends: a wait should end then.
        """


class Session:
    """Hands the deliveries of one consumption to handler threads and counts what is held.

    It takes one delivery at a time at first, and again as soon as it meets a suspect: an event
    that came back before may be one that ends the process, and would take everything with it
    that waits here. Otherwise as many wait as the options say.

    One in order stays the queue's consumer until its event is handled, or leaves with it: as
    soon as a consumer is cancelled, another worker may get the next event.
    """

    def __init__(
        self, link: Link, options: ConsumeOptions, handler: HandlesDeliveries, *, threads: int
    ) -> None:
        self._handler = handler
        self._in_order = options.in_order
        self._lock = threading.Lock()
        self._work_came = threading.Condition(self._lock)
        self._all_settled = threading.Condition(self._lock)
        self._waiting: deque[Delivery] = deque()
        self._held = 0
        self._epoch = 0
        self._lost_epoch = 0
        """What this channel and earlier ones had delivered came back to the queue."""
        self._stopping = threading.Event()
        self._over = False
        self.ready = threading.Event()
        """Set once the broker delivers to it."""
        self._prefetch = options.prefetch
        self._wide = False
        self._joined = False
        self._consumption: Consumption = link.consume(
            replace(options, prefetch=1),
            self._on_delivery,
            on_lost=self._on_lost,
            on_ready=self._on_ready,
            on_burst=self._on_burst,
        )
        self._joined = True
        if self._wide:
            self._follow_width()
        for number in range(1, threads + 1):
            name = f"{options.queue}-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    @property
    def active(self) -> bool:
        """Whether the broker delivers to it now."""
        return self._consumption.active

    def cancel(self) -> None:
        """Take no more deliveries."""
        self._stopping.set()
        if not self._in_order:
            self._consumption.cancel()

    def leave(self) -> None:
        """End at once: what no handler has begun goes back, what runs may finish."""
        self.cancel()
        with self._lock:
            unstarted = list(self._waiting)
            self._waiting.clear()
        for delivery in unstarted:
            self._settle(delivery, Settlement.RETURN)
        deadline = time.monotonic() + LEAVE_SECONDS
        threading.Thread(
            target=self.finish, args=(deadline,), name="bus-leaving", daemon=True
        ).start()

    def finish(self, deadline: float) -> int:
        """Handle what is held until `deadline` (monotonic seconds), then leave the queue.

        Returns how many events were not finished; they go back to the queue.
        """
        begin_until = deadline - END_SHARE * max(0.0, deadline - time.monotonic())
        with self._lock:
            self._wait_until_settled(begin_until)
            unbegun = len(self._waiting)
            self._waiting.clear()
            self._held -= unbegun
            self._wait_until_settled(deadline)
            unfinished = unbegun + max(0, self._held)
            self._over = True
            self._work_came.notify_all()
        with suppress(TimeoutError):  # a silent broker finds out when the connection ends
            self._consumption.close().result(timeout=CLOSE_SECONDS)
        return unfinished

    def _wait_until_settled(self, deadline: float) -> None:
        self._all_settled.wait_for(
            lambda: self._held <= 0, timeout=max(0.0, deadline - time.monotonic())
        )

    # -- the link's thread --

    def _on_delivery(self, delivery: Delivery) -> None:
        with self._lock:
            if self._stopping.is_set():
                # It was on its way when the session ended.
                self._return(delivery)
                return
            self._epoch = delivery.epoch
            self._held += 1
            self._waiting.append(delivery)
            # A changed prefetch counts from zero: widen with empty hands only, or they overflow.
            may_be_wide = self._wide or self._held == 1
            was, self._wide = self._wide, may_be_wide and delivery.delivery_count < SUSPECT_AT
        if was is not self._wide:
            self._follow_width()

    def _follow_width(self) -> None:
        # Without our lock: the embedded broker delivers on this very thread.
        if self._joined and not self._in_order:
            self._consumption.set_prefetch(self._prefetch if self._wide else 1)

    def _on_burst(self) -> None:
        """Wake as many threads as there is work for, once for all that came together."""
        with self._lock:
            if self._waiting:
                self._work_came.notify(len(self._waiting))

    def _on_ready(self, waiting: int | None) -> None:
        if waiting is not None:
            self.ready.set()

    def _on_lost(self) -> None:
        """The channel has gone: everything unsettled will be delivered again."""
        with self._lock:
            self._waiting.clear()
            self._held = 0
            self._lost_epoch = self._epoch
            self._wide = False
            self._all_settled.notify_all()
        self._follow_width()

    # -- handler threads --

    def _work(self) -> None:
        while (delivery := self._take()) is not None:
            self._handler.handle(delivery, partial(self._settle, delivery), self._stopping)

    def _take(self) -> Delivery | None:
        with self._lock:
            if not self._waiting:
                self._work_came.wait_for(lambda: self._waiting or self._over)
            return self._waiting.popleft() if self._waiting else None

    def _settle(self, delivery: Delivery, settlement: Settlement) -> None:
        if settlement is Settlement.RETURN:
            self._return(delivery)
        else:
            if self._in_order and self._stopping.is_set():
                self._consumption.cancel()  # before the broker hands us another one
            self._consumption.settle(delivery, settlement)
        with self._lock:
            if delivery.epoch > self._lost_epoch:
                self._held -= 1
                if not self._held:
                    self._all_settled.notify_all()

    def _return(self, delivery: Delivery) -> None:
        if not self._in_order:  # otherwise it would come straight back; it returns by leaving
            self._consumption.settle(delivery, Settlement.RETURN)
