"""What becomes of one delivery: handled, handled again later, or given up."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType

from bus_core.bus import Handler, SubscriptionSpec
from bus_core.copies import bare, dead_letter, retry_copy
from bus_core.django_connections import with_fresh_connections
from bus_core.envelope import Envelope, Meta, decode, rfc3339_now
from bus_core.errors import BusClosed, InvalidEvent, UndecodableMessage
from bus_core.event import Handling, handling
from bus_core.handler_loop import Abandoned
from bus_core.handlers import check_answer
from bus_core.link import Link, Settlement
from bus_core.message import Delivery, Message
from bus_core.outcome import OutcomeName, Reject, Retry
from bus_core.reporter import Reporter
from bus_core.reports import Receipt
from bus_core.session import Settle
from bus_core.topology import (
    QueueKind,
    consumer_queue,
    dead_letters,
    handling_topology,
    merge,
    retry_step,
    retry_topology,
)

logger = logging.getLogger(__name__)

CRASH_LIMIT = 5
"""An event that came back unsettled this often is given up before it reaches the handler."""
ORDERED_CRASH_LIMIT = 20
"""An ordered event waits for its next attempt in place, so each end of its worker counts here."""
COPY_SECONDS = 30.0
COPY_AGAIN_SECONDS = 1.0
_ON_THE_WAY_TO_HANDLERS = {
    __name__,
    "asgiref.sync",
    "bus_core.django_connections",
    "bus_core.handler_loop",
    "bus_core.handlers",
    "bus_core.middleware.chain",
    "bus_core.observed_handling",
    "concurrent.futures._base",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a handler did not succeed."""

    error: str
    reason: str = "attempts"
    final: bool = False
    wished_ms: int | None = None

    def __post_init__(self) -> None:
        # An exception's text may hold what no message can carry.
        object.__setattr__(self, "error", self.error.encode(errors="replace").decode())

    @property
    def last_line(self) -> str:
        """The error itself, without the way to it."""
        return self.error.splitlines()[-1] if self.error else ""


def failure_of(error: BaseException) -> Failure:
    """Return what an error out of a handler means; `Abandoned` means nothing, and is raised."""
    if isinstance(error, Abandoned):
        raise error
    if isinstance(error, Reject):
        return Failure(str(error) or "the handler rejected it", "rejected", final=True)
    if isinstance(error, Retry):
        return Failure(str(error), wished_ms=error.delay_ms)
    trace = _from_the_handler_on(error.__traceback__)
    return Failure("".join(traceback.format_exception(type(error), error, trace)).strip())


def _from_the_handler_on(trace: TracebackType | None) -> TracebackType | None:
    while trace and trace.tb_frame.f_globals.get("__name__") in _ON_THE_WAY_TO_HANDLERS:
        trace = trace.tb_next
    return trace


class DeliveryHandler:
    """Runs a subscription's handler and carries out what follows from it.

    `run` is the handler as a thread may call it. `spec` may be replaced while it runs; the next
    delivery follows the new one.
    """

    def __init__(
        self,
        link: Link,
        service: str,
        spec: SubscriptionSpec,
        run: Handler,
        reporter: Reporter,
    ) -> None:
        self.spec = spec
        self.queue = consumer_queue(spec.event_type, service)
        self._run = with_fresh_connections(run)
        self._link = link
        self._service = service
        self._reporter = reporter

    def handle(self, delivery: Delivery, settle: Settle, stopping: threading.Event) -> None:
        """Handle one delivery; it is settled when this returns, or once its copy is confirmed."""
        try:
            envelope = decode(delivery.message)
        except UndecodableMessage as error:
            failure = Failure(str(error), "undecodable", final=True)
            self._give_up(delivery, None, Meta(), failure, settle)
            return
        meta = envelope.meta
        ordered = self.spec.kind is QueueKind.ORDERED
        if delivery.delivery_count >= (ORDERED_CRASH_LIMIT if ordered else CRASH_LIMIT):
            text = f"{delivery.delivery_count} workers ended, or lost their connection, holding it"
            self._give_up(delivery, envelope, meta, Failure(text, "crashes", final=True), settle)
            return
        try:
            self._attempt(delivery, envelope, settle, stopping)
        except Abandoned:
            settle(Settlement.RETURN)

    def _attempt(
        self, delivery: Delivery, envelope: Envelope, settle: Settle, stopping: threading.Event
    ) -> None:
        meta = envelope.meta
        ordered = self.spec.kind is QueueKind.ORDERED
        while True:
            attempts = meta.attempts + 1
            began = time.perf_counter()
            failure_or_none = self._call(delivery, envelope, attempts)
            took_ms = (time.perf_counter() - began) * 1000
            if failure_or_none is None:
                # Told before it is settled: a bus that closes waits for the latter.
                self._report(delivery, envelope, "handled", attempts, took_ms)
                settle(Settlement.ACK)
                return
            failure = failure_or_none
            meta = Meta(
                attempts=attempts, failures=meta.failures + 1, retries=self.spec.retry.attempts
            )
            delay = self.spec.retry.delay_after(meta.failures, failure.wished_ms)
            if failure.final or delay is None:
                self._give_up(delivery, envelope, meta, failure, settle, took_ms)
                return
            self._report(delivery, envelope, "retried", attempts, took_ms, failure.error)
            logger.warning(
                "%s: %s failed (attempt %d of %d), again in %g s: %s",
                self.queue,
                envelope.event.id,
                attempts,
                self.spec.retry.attempts,
                delay / 1000,
                failure.last_line,
            )
            if not ordered:
                self._retry_later(delivery, envelope, meta, failure, delay, settle)
                return
            if stopping.wait(delay / 1000):
                settle(Settlement.RETURN)
                return

    def _call(self, delivery: Delivery, envelope: Envelope, attempts: int) -> Failure | None:  # noqa: ARG002
        """Call the handler; return why it failed, if it did."""
        token = handling.set(Handling(envelope.event, self._service))
        try:
            answer = self._run(envelope.event)
            if answer is not None:
                check_answer(answer)
        except BaseException as error:  # noqa: BLE001
            # Even an exit or a cancellation ends the handler only; the thread has more to do.
            return failure_of(error)
        finally:
            handling.reset(token)
        return None

    # -- copies --

    def _retry_later(
        self,
        delivery: Delivery,
        envelope: Envelope,
        meta: Meta,
        failure: Failure,
        delay_ms: int,
        settle: Settle,
    ) -> None:
        def give_up(error: InvalidEvent) -> None:
            text = f"{failure.error}\nIt cannot be handled again later: {error}"
            self._give_up(delivery, envelope, meta, replace(failure, error=text), settle)

        exchange = retry_step(self._service, delay_ms)
        try:
            copy = retry_copy(delivery, envelope, meta)
        except InvalidEvent as error:
            give_up(error)
        else:
            self._send_copy(delivery, exchange, copy, settle, give_up, delay_ms)

    def _give_up(
        self,
        delivery: Delivery,
        envelope: Envelope | None,
        meta: Meta,
        failure: Failure,
        settle: Settle,
        took_ms: float = 0.0,
    ) -> None:
        copy = dead_letter(
            delivery,
            envelope,
            meta,
            reason=failure.reason,
            error=failure.error,
            worker=self._reporter.worker,
        )
        logger.error(
            "%s: %s is a dead letter (%s): %s",
            self.queue,
            envelope.event.id if envelope else "an undecodable message",
            failure.reason,
            failure.error,
        )
        exchange = dead_letters(self._service)

        def send_bare(_error: InvalidEvent) -> None:
            self._send_copy(delivery, exchange, bare(copy, delivery), settle)

        if envelope:
            self._report(delivery, envelope, "dead", meta.attempts, took_ms, failure.error)
        self._send_copy(delivery, exchange, copy, settle, send_bare)

    def _send_copy(
        self,
        delivery: Delivery,
        exchange: str,
        copy: Message,
        settle: Settle,
        unsendable: Callable[[InvalidEvent], None] | None = None,
        delay_ms: int | None = None,
    ) -> None:
        """Publish the copy; only once the broker has it the original is acknowledged.

        `unsendable` is called when that can never be, because of what the copy carries.
        """
        topology = handling_topology(self._service)
        if delay_ms is not None:
            topology = merge((topology, retry_topology(self._service, delay_ms)))

        def sent(future: "Future[None]") -> None:
            error = future.exception()
            if error is None:
                settle(Settlement.ACK)
            elif isinstance(error, BusClosed):
                settle(Settlement.RETURN)
            elif isinstance(error, InvalidEvent) and unsendable is not None:
                unsendable(error)
            else:
                logger.warning("%s: a copy for %s waits: %s", self.queue, exchange, error)
                again = threading.Timer(COPY_AGAIN_SECONDS, send)
                again.daemon = True
                again.start()

        def send() -> None:
            try:
                future = self._link.publish(
                    exchange,
                    delivery.queue,
                    copy,
                    mandatory=True,
                    timeout=COPY_SECONDS,
                    ensure=topology,
                )
            except BusClosed:
                settle(Settlement.RETURN)  # the handler outlived its bus
                return
            future.add_done_callback(sent)

        send()

    def _report(
        self,
        delivery: Delivery,  # noqa: ARG002
        envelope: Envelope,
        outcome: OutcomeName,
        attempts: int,
        ms: float,
        error: str = "",
    ) -> None:
        self._reporter.receipt(
            Receipt(
                event_id=envelope.event.id,
                event_type=envelope.event.type,
                service=self._service,
                outcome=outcome,
                attempts=attempts,
                ms=round(ms, 3),
                at=rfc3339_now(),
                worker=self._reporter.worker,
                error=error[-500:],
            )
        )
