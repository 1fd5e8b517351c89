"""The embedded broker's management; it sees the broker of this process only."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4
from weakref import WeakKeyDictionary

from bus_core.errors import AccessRefused, BusError
from bus_core.memory.broker import MemoryBroker, QueueInfo
from bus_core.topology import Binding, Exchange, Policy, Queue, Topology
from eventbus_admin.broker.errors import BrokerConflict, BrokerRefused
from eventbus_admin.broker.interface import (
    BrokerInfo,
    ExchangeBinding,
    ExchangeState,
    Observation,
    QueueState,
    Touched,
)
from eventbus_admin.broker.users import BrokerUser, Grant

DEFAULT_QUEUE_TYPE = "classic"

# A restarted process has a new and empty broker, which must not pass for the old one.
_PROCESS = uuid4().hex


class _Accounts:
    """Users and what they may do. The embedded broker lets everybody in its process do everything,
    so these are only kept, to be looked at.
    """

    def __init__(self) -> None:
        self.users: dict[str, BrokerUser] = {}
        self.grants: dict[str, Grant] = {}


_accounts: WeakKeyDictionary[MemoryBroker, _Accounts] = WeakKeyDictionary()


class MockBroker:
    """`Broker` over an embedded broker."""

    counts_lag = 0.0

    def __init__(self, memory: MemoryBroker) -> None:
        self._memory = memory
        self._accounts = _accounts.setdefault(memory, _Accounts())
        self._info = BrokerInfo(
            identity=f"memory/{_PROCESS}/{id(memory):x}", name="Embedded broker", version=""
        )

    def info(self) -> BrokerInfo:
        """Say which broker answers."""
        return self._info

    def observe(self) -> Observation:
        """Read everything."""
        seen = self._memory.snapshot()
        return Observation(
            broker=self._info,
            exchanges=tuple(ExchangeState(exchange=one) for one in seen.exchanges),
            queues=tuple(_queue_state(one) for one in seen.queues),
            bindings=seen.bindings,
            policies=seen.policies,
            default_queue_type=DEFAULT_QUEUE_TYPE,
            users=tuple(self._accounts.users.values()),
            grants=tuple(self._accounts.grants.values()),
        )

    def look_again(self, seen: Observation, touched: Collection[Touched]) -> Observation:  # noqa: ARG002
        """Read everything: it costs nothing here."""
        return self.observe()

    def declare_many(self, topology: Topology) -> None:
        """Create many objects, one after the other."""
        for exchange in topology.exchanges:
            self.declare_exchange(exchange)
        for policy in topology.policies:
            self.put_policy(policy)
        for queue in topology.queues:
            self.declare_queue(queue)
        for binding in topology.bindings:
            self.bind(binding)

    def declare_exchange(self, exchange: Exchange) -> None:
        """Create an exchange."""
        with _errors():
            self._memory.declare_exchange(exchange)

    def declare_queue(self, queue: Queue) -> None:
        """Create a queue."""
        with _errors():
            self._memory.declare_queue(queue)

    def bind(self, binding: Binding) -> None:
        """Bind a queue."""
        with _errors():
            self._memory.bind(binding)

    def put_policy(self, policy: Policy) -> None:
        """Create a policy, or replace the one of its name."""
        with _errors():
            self._memory.put_policy(policy)

    def put_user(self, user: BrokerUser) -> None:
        """Keep a user."""
        self._accounts.users[user.name] = user

    def grant(self, grant: Grant) -> None:
        """Keep what a user may do."""
        if grant.user not in self._accounts.users:
            raise BrokerConflict(
                f"The embedded broker cannot do it: there is no user {grant.user}."
            )
        self._accounts.grants[grant.user] = grant

    def delete_user(self, name: str) -> None:
        """Forget a user."""
        self._accounts.users.pop(name, None)
        self._accounts.grants.pop(name, None)

    def connections(self, name: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: whoever uses the embedded broker signs in as nobody."""
        return ()

    def close_connections(self, name: str, reason: str) -> None:
        """Do nothing: whoever uses the embedded broker signs in as nobody."""

    def unbind(self, binding: Binding) -> None:
        """End a queue's binding."""
        self._memory.unbind(binding)

    def unbind_exchange(self, binding: ExchangeBinding) -> None:
        """Do nothing: the embedded broker binds no exchange to another."""

    def delete_queue(self, name: str) -> None:
        """Delete a queue with all that it holds."""
        self._memory.delete_queue(name)

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange, unless something is bound to it."""
        with self._memory.lock:
            if any(one.source == name for one in self._memory.snapshot().bindings):
                raise BrokerConflict(f"The embedded broker refused: {name} is in use.")
            self._memory.delete_exchange(name)

    def delete_policy(self, name: str) -> None:
        """Delete a policy."""
        self._memory.delete_policy(name)


def _queue_state(seen: QueueInfo) -> QueueState:
    arguments = {"x-queue-type": DEFAULT_QUEUE_TYPE, **seen.queue.arguments}
    return QueueState(
        queue=replace(seen.queue, arguments=arguments),
        ready=seen.ready,
        unacked=seen.unacked,
        consumers=seen.consumers,
    )


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except AccessRefused as error:
        raise BrokerRefused(f"The embedded broker refused: {error}.") from error
    except BusError as error:
        raise BrokerConflict(f"The embedded broker cannot do it: {error}.") from error
