"""`Broker`: what the admin needs of a broker's management, and what it sees there.

Two implementations: `rabbitmq.RabbitMQBroker` and `mock.MockBroker`; both pass the same tests.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bus_core.topology import Binding, Exchange, Policy, Queue, Topology
from eventbus_admin.broker.users import BrokerUser, Grant

OUT_OF_SERVICE = frozenset({"down", "minority", "stopped", "crashed", "terminated"})
"""States of a queue in which nobody can use it."""


@dataclass(frozen=True, kw_only=True)
class BrokerInfo:
    """Which broker it is."""

    identity: str
    """Changes when another, perhaps empty, broker answers in the place of the known one."""
    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class ExchangeState:
    """An exchange as it is."""

    exchange: Exchange
    auto_delete: bool = False
    internal: bool = False


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """A queue as it is."""

    queue: Queue
    """Its arguments always name the type, whether it was declared with one or not."""
    ready: int = 0
    unacked: int = 0
    consumers: int | None = 0
    """`None` when the broker does not count them."""
    state: str = "running"

    @property
    def type(self) -> str:
        """`classic`, `quorum` or `stream`."""
        return str(self.queue.arguments["x-queue-type"])

    @property
    def in_service(self) -> bool:
        """Whether it can be used; its counts mean nothing otherwise."""
        return self.state not in OUT_OF_SERVICE


@dataclass(frozen=True, kw_only=True, order=True)
class ExchangeBinding:
    """A binding of one exchange to another."""

    source: str
    destination: str
    routing_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything in our virtual host at one look, foreign objects included.

    The default exchange's implied bindings are left out. Bindings that differ in nothing but
    their arguments count as one: no exchange of ours looks at these.
    """

    broker: BrokerInfo
    exchanges: tuple[ExchangeState, ...] = ()
    queues: tuple[QueueState, ...] = ()
    bindings: tuple[Binding, ...] = ()
    exchange_bindings: tuple[ExchangeBinding, ...] = ()
    policies: tuple[Policy, ...] = ()
    default_queue_type: str = "classic"
    """What a queue declared without a type becomes."""
    users: tuple[BrokerUser, ...] | None = ()
    """Our users only; `None` when we may not see and make users."""
    grants: tuple[Grant, ...] = ()
    """What our users may do in our virtual host."""


Touched = Exchange | Queue | Binding | Policy | BrokerUser | Grant
"""What can be written, and then looked at again."""


class Broker(Protocol):
    """A broker's management. Every method raises a `BrokerError`, and nothing else, on failure.

    Writes repeat without harm. They may be accepted and yet change nothing, which RabbitMQ does
    when an exchange exists with other arguments: the truth is what `observe` says afterwards.
    """

    counts_lag: float
    """For so many seconds a queue's counts may still be those of before."""

    def info(self) -> BrokerInfo:
        """Say which broker answers."""

    def observe(self) -> Observation:
        """Read everything; complete, or an error."""

    def look_again(self, seen: Observation, touched: Collection[Touched]) -> Observation:
        """Return an earlier look with these objects as they are now; it may read everything."""

    def declare_many(self, topology: Topology) -> None:
        """Create many objects with one call.

        What exists is left as it is without a word, and after an error a part may have been made:
        look afterwards.
        """

    def declare_exchange(self, exchange: Exchange) -> None:
        """Create an exchange."""

    def declare_queue(self, queue: Queue) -> None:
        """Create a queue."""

    def bind(self, binding: Binding) -> None:
        """Bind a queue; raises `BrokerConflict` when queue or exchange is missing."""

    def put_policy(self, policy: Policy) -> None:
        """Create a policy, or replace the one of its name."""

    def put_user(self, user: BrokerUser) -> None:
        """Create a user of ours, or make the one of its name as given."""

    def grant(self, grant: Grant) -> None:
        """Let a user of ours do this and nothing else; raises `BrokerConflict` without the user."""

    def delete_user(self, name: str) -> None:
        """Take a user of ours away with all its rights and connections."""

    def connections(self, name: str) -> tuple[str, ...]:
        """Return where a user of ours is connected from: for each open connection, its host."""

    def close_connections(self, name: str, reason: str) -> None:
        """Close the connections of a user of ours, which then know its rights of now."""

    def unbind(self, binding: Binding) -> None:
        """End a queue's binding; that it is gone already is as good, here and below."""

    def unbind_exchange(self, binding: ExchangeBinding) -> None:
        """End a binding between exchanges."""

    def delete_queue(self, name: str) -> None:
        """Delete a queue with all that it holds."""

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange; raises `BrokerConflict` while something is bound to it."""

    def delete_policy(self, name: str) -> None:
        """Delete a policy."""
