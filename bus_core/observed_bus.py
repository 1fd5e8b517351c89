"""`ObservedBus`: a `BrokerBus` with middleware around its publishing and its handlers."""

import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from itertools import islice
from typing import Any

from bus_core.broker_bus import BATCH_EVENTS, BATCHES_AHEAD, BrokerBus
from bus_core.bus import PUBLISH_SECONDS, SubscriptionSpec
from bus_core.envelope import encode
from bus_core.errors import InvalidEvent, NotSent
from bus_core.event import Event
from bus_core.handling import DeliveryHandler
from bus_core.link import Link
from bus_core.message import Message
from bus_core.middleware import Middleware, Publication
from bus_core.middleware.chain import Chain
from bus_core.observed_handling import ObservedHandler
from bus_core.reporter import Reporter
from bus_core.topology import event_exchange, event_type_topology

Begun = tuple[Publication, Message]

MAX_HEADERS_BYTES = 16 * 1024
"""What middleware may add to one event; all headers must fit into one frame."""
MAX_HEADER_NAME_BYTES = 255


class ObservedBus(BrokerBus):
    """A class of its own, so that a bus without middleware has nothing to ask for each event."""

    def __init__(
        self, link: Link, service: str, middleware: Iterable[Middleware], **options: Any
    ) -> None:
        super().__init__(link, service, **options)
        self._chain = Chain(middleware)

    def _publish(self, event: Event, timeout: float, *, wait: float) -> "Future[None]":
        if not self._chain.publishes:
            return super()._publish(event, timeout, wait=wait)
        self._check_open()
        return self._send(*self._begin(event), timeout, wait)

    def publish_many(self, events: Iterable[Event], timeout: float = PUBLISH_SECONDS) -> None:
        """Send events and return once the broker has all of them; raises the first error."""
        if not self._chain.publishes:
            super().publish_many(events, timeout)
            return
        self.forbid_deadlock("publish_many")
        self._check_open()
        remaining = iter(events)
        sending: deque[Future[None]] = deque()
        while chunk := self._begin_many(islice(remaining, BATCH_EVENTS)):
            sending.extend(self._send_many(chunk, timeout))
            # Not far ahead of the broker: `events` may be endless.
            while len(sending) > BATCH_EVENTS * BATCHES_AHEAD:
                sending.popleft().result()
        errors = [error for future in sending if (error := future.exception())]
        if errors:
            raise errors[0]

    def _begin_many(self, events: Iterable[Event]) -> list[Begun]:
        begun: list[Begun] = []
        try:
            begun.extend(self._begin(event) for event in events)
        except BaseException as error:
            self._tell_unsent(begun, error)
            raise
        return begun

    def _send_many(self, begun: list[Begun], timeout: float) -> "list[Future[None]]":
        sent: list[Future[None]] = []
        try:
            sent.extend(self._send(*one, timeout, timeout) for one in begun)
        except BaseException as error:
            self._tell_unsent(begun[len(sent) + 1 :], error)
            raise
        return sent

    def _tell_unsent(self, begun: list[Begun], error: BaseException) -> None:
        for publication, _message in begun:
            others = NotSent(f"another event of the same call could not be sent: {error!r}")
            self._chain.published(publication, others, 0.0)

    def _begin(self, event: Event) -> Begun:
        """Ask the middleware; nothing has been sent when it raises."""
        publication = Publication(event=event.caused(), service=self.service)
        self._chain.publishing(publication)
        try:
            message = encode(publication.event, service=self.service)
            message.headers = {**_checked(publication.headers), **message.headers}
        except BaseException as error:
            self._chain.published(publication, error, 0.0)
            raise
        return publication, message

    def _send(
        self, publication: Publication, message: Message, timeout: float, wait: float
    ) -> "Future[None]":
        began = time.perf_counter()

        def ended(future: "Future[None]") -> None:
            error = CancelledError() if future.cancelled() else future.exception()
            self._chain.published(publication, error, time.perf_counter() - began)

        event_type = publication.event.type
        try:
            future = self.link.publish(
                event_exchange(event_type),
                "",
                message,
                timeout=timeout,
                wait=wait,
                ensure=event_type_topology(event_type),
            )
        except BaseException as error:
            self._chain.published(publication, error, time.perf_counter() - began)
            raise
        future.add_done_callback(ended)
        return future

    def _delivery_handler(self, spec: SubscriptionSpec, reporter: Reporter) -> DeliveryHandler:
        run = self._runnable(spec.handler)
        return ObservedHandler(self.link, self.service, spec, run, reporter, self._chain)


def _checked(headers: dict[str, str]) -> dict[str, str]:
    total = 0
    for name, value in headers.items():
        size = _bytes(name)
        if not 1 <= size <= MAX_HEADER_NAME_BYTES:
            raise InvalidEvent(f"middleware named a header {name[:40]!r}…, of {size} bytes")
        total += size + _bytes(value)
    if total > MAX_HEADERS_BYTES:
        raise InvalidEvent(f"middleware added {total} bytes of headers; {MAX_HEADERS_BYTES} may go")
    return headers


def _bytes(text: object) -> int:
    if not isinstance(text, str):
        raise InvalidEvent(f"middleware put {text!r} into a header; only text may go there")
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidEvent(f"middleware put into a header what is not text: {error}") from error
