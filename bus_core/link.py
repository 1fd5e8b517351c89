"""`Link`: what the bus needs of a broker, in AMQP's terms and without a client library's types.

Two implementations: `bus_core.rabbitmq` and `bus_core.memory`. The bus and the admin are written
against this, so that both behave the same on either.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from bus_core.errors import BusError
from bus_core.message import Delivery, Message
from bus_core.topology import Binding, Queue, Topology


class LinkState(Enum):
    """Where the connection to the broker stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    OPEN = "open"
    BLOCKED = "blocked"
    RECOVERING = "recovering"
    FAILED = "failed"
    CLOSED = "closed"


class Settlement(Enum):
    """What a consumer says about a delivery."""

    ACK = "ack"
    REJECT = "reject"
    """This delivery failed: back to the queue, counted."""
    RETURN = "return"
    """Never started (shutdown, pause): back to the queue."""


@dataclass(frozen=True, kw_only=True)
class ConsumeOptions:
    """How to consume a queue."""

    queue: str
    topology: Topology = field(default_factory=Topology)
    """What to make sure of first, at every (re)connection."""
    prefetch: int = 100
    auto_ack: bool = False
    from_last: bool = False
    """The queue is a stream: begin with its newest message."""
    in_order: bool = False
    """One consumer at a time: the next one gets what this one held before anything else."""
    may_declare: bool = True
    """Declare what is missing; otherwise wait until somebody else has."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """A queue as anybody sees it who may connect."""

    waiting: int
    """Messages that no consumer holds."""
    consumers: int


class Consumption(Protocol):
    """One running consumer on one queue."""

    @property
    def active(self) -> bool:
        """Whether the broker delivers to it now."""

    def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Settle a delivery; one of an earlier connection is ignored, as it came back already."""

    def extend(self, topology: Topology) -> None:
        """Make sure of more topology, now and at every reconnection."""

    def set_prefetch(self, prefetch: int) -> None:
        """Let that many messages wait here from now on; those that do already stay."""

    def cancel(self) -> "Future[None]":
        """Stop deliveries; what was delivered may still be settled."""

    def close(self) -> "Future[None]":
        """Settle what was posted, then leave the queue; what is not settled returns to it."""


class Link(Protocol):
    """A service's way to a broker."""

    @property
    def state(self) -> LinkState:
        """Where the connection stands."""

    @property
    def error(self) -> BusError | None:
        """Why the link has failed for good, such as refused credentials; otherwise `None`."""

    @property
    def blocking_forbidden(self) -> bool:
        """Whether the calling thread is the link's own, which must never block."""

    def declare(self, topology: Topology, *, timeout: float = 30.0) -> None:
        """Make sure that these objects exist, passive first; `timeout` in seconds.

        Raises `AccessRefused` when something is missing and may not be declared, `NotSent` when
        the broker is away.
        """

    def look(self, queue: str, *, timeout: float = 30.0) -> QueueState | None:
        """Return how a queue stands, or `None` when there is none; `timeout` in seconds.

        It takes no rights, and touches nothing. Raises `NotSent` when the broker is away.
        """

    def rebind(
        self, add: Sequence[Binding], remove: Sequence[Binding], *, timeout: float = 30.0
    ) -> None:
        """Make bindings and then end others, at one go; ending what is not there is as good.

        `timeout` in seconds. Raises `NotFound` when a queue or an exchange of `add` is missing,
        `AccessRefused`, and `NotSent` when the broker is away.
        """

    def delete_queue(
        self, queue: str, *, successor: Queue | None = None, timeout: float = 30.0
    ) -> bool:
        """Delete a queue in which no message waits, and make its successor in the same moment.

        Returns False, with nothing done, when one waits. What consumers hold is not seen: make
        sure of that before. A queue that is gone already counts as deleted. Not for streams, and
        no successor at one go where both are quorum queues and somebody consumes: RabbitMQ then
        moves the consumer silently and delivers nothing to it.
        `timeout` in seconds. Raises `PreconditionFailed` when somebody else was faster to make
        another queue in the successor's place, `AccessRefused`, and `NotSent` when the broker is
        away.
        """

    def publish(
        self,
        exchange: str,
        routing_key: str,
        message: Message,
        *,
        mandatory: bool = False,
        timeout: float = 30.0,
        wait: float = 0.0,
        ensure: Topology | None = None,
    ) -> "Future[None]":
        """Send a message; the future ends when the broker has confirmed it.

        `timeout` is in seconds from now on. When too many messages wait for the broker already,
        this blocks for `wait` seconds at most and then raises `Backpressure`, or `BrokerBlocked`;
        a mandatory message is always taken. `ensure` is looked up, or declared, before the first
        publish to this exchange on a connection. Errors of the future: `NotSent`,
        `BrokerBlocked`, `PublishTimeout`, `PublishRefused`, `Unroutable` (only with
        `mandatory`), `AccessRefused`, `LoginRefused`, `BusClosed`.
        """

    def publish_many(
        self,
        messages: "Sequence[tuple[str, str, Message, Topology | None]]",
        *,
        timeout: float = 30.0,
        wait: float = 0.0,
    ) -> "Future[None]":
        """As `publish`, for one or more (exchange, routing key, message, ensure), in order.

        The future ends when all of them have, with the first error if there was any.
        """

    def tell(self, exchange: str, message: Message, *, ensure: Topology | None = None) -> None:
        """Send without confirmation and without waiting; dropped when the broker is away."""

    def consume(
        self,
        options: ConsumeOptions,
        on_delivery: Callable[[Delivery], None],
        *,
        on_lost: Callable[[], None] | None = None,
        on_ready: Callable[[int | None], None] | None = None,
        on_burst: Callable[[], None] | None = None,
    ) -> Consumption:
        """Consume a queue until closed, across reconnections.

        The callbacks run on the link's own thread and must not block: `on_delivery` for each
        message; `on_burst` after some of them, when no more is at hand; `on_lost` when the channel
        went away with all unsettled deliveries; `on_ready` whenever the consumer was set up, with
        the number of messages that waited then, or with `None` when the queue does not exist and
        may not be declared.
        """

    def close(self, timeout: float = 10.0) -> None:
        """Send what waits for at most `timeout` seconds, then disconnect."""
