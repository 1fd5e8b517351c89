"""`Consumer`: runs one subscription as the code asks and the registry directs."""

import logging
import threading
from dataclasses import replace

from bus_core.bus import SubscriptionSpec
from bus_core.control import SubscriptionDirective
from bus_core.handling import DeliveryHandler
from bus_core.link import ConsumeOptions, Link
from bus_core.session import Session
from bus_core.topology import (
    QueueKind,
    Topology,
    event_type_topology,
    handling_topology,
    merge,
    subscription_topology,
)

logger = logging.getLogger(__name__)


class Consumer:
    """One subscription of one process."""

    def __init__(
        self,
        link: Link,
        service: str,
        spec: SubscriptionSpec,
        handler: DeliveryHandler,
        *,
        declare: bool,
    ) -> None:
        self.event_type = spec.event_type
        self._link = link
        self._service = service
        self._code = self._spec = spec
        self._declare = declare
        self._handler = handler
        self._session: Session | None = None
        self._state = "active"
        self._lock = threading.Lock()
        self._closing = False

    @property
    def running(self) -> bool:
        """Whether it consumes: neither paused nor retired."""
        return self._session is not None

    @property
    def ready(self) -> bool:
        """Whether its queue is bound and consumed, or it is not to be consumed now."""
        session = self._session
        return session is None or session.ready.is_set()

    @property
    def condition(self) -> str:
        """`consuming`; `waiting` for its queue or the broker; `paused` or `retired`."""
        session = self._session
        if session is None:
            return self._state
        return "consuming" if session.active else "waiting"

    def follow(self, directive: SubscriptionDirective) -> None:
        """Consume as directed; what the directive leaves open, the service's code decides."""
        wanted = replace(
            self._code,
            retry=directive.retry or self._code.retry,
            prefetch=directive.prefetch or self._code.prefetch,
            concurrency=directive.concurrency or self._code.concurrency,
            kind=directive.kind or self._code.kind,
        )
        with self._lock:
            if self._closing:
                return
            changed = wanted != self._spec
            # An ordered one may be waiting, in place, for a delay that holds no longer.
            in_place = wanted.kind is QueueKind.ORDERED
            restart = changed and (
                in_place or replace(wanted, retry=self._spec.retry) != self._spec
            )
            self._spec = wanted
            self._handler.spec = wanted
            if changed and wanted != self._code:
                logger.info(
                    "%s goes by the registry: %s, prefetch %d, %d at once, %s",
                    self._handler.queue,
                    wanted.kind,
                    wanted.prefetch,
                    wanted.concurrency,
                    wanted.retry,
                )
            active = directive.state == "active"
            if self._session is not None and (restart or not active):
                self._session.leave()
                self._session = None
            if directive.state != self._state:
                self._state = directive.state
                logger.info("%s is %s", self._handler.queue, directive.state)
            if self._session is None and active:
                self._session = self._begin()

    def cancel(self) -> None:
        """Take no more events."""
        with self._lock:
            self._closing = True
            if self._session is not None:
                self._session.cancel()

    def finish(self, deadline: float) -> int:
        """Handle what is held until `deadline` (monotonic seconds); return how many are left."""
        return self._session.finish(deadline) if self._session is not None else 0

    def _begin(self) -> Session:
        spec = self._spec
        ordered = spec.kind is QueueKind.ORDERED
        options = ConsumeOptions(
            queue=self._handler.queue,
            topology=self._topology(),
            prefetch=1 if ordered else spec.prefetch,
            in_order=ordered,
            may_declare=self._declare,
        )
        threads = 1 if ordered else spec.concurrency
        return Session(self._link, options, self._handler, threads=threads)

    def _topology(self) -> Topology:
        if not self._declare:
            # It uses what is there; what else is missing concerns the events that need it.
            own = subscription_topology(self.event_type, self._service, self._spec.kind)
            return Topology(queues=own.queues)
        return merge(
            (
                handling_topology(self._service, self._spec.retry.delays_ms),
                event_type_topology(self.event_type),
                subscription_topology(self.event_type, self._service, self._spec.kind),
            )
        )
