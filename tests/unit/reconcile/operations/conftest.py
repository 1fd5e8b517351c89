"""A leader that carries operations forward on the embedded broker, a turn at a time."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.message import Message
from bus_core.topology import Topology
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence, Leadership
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.driver import Operator
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.registry.models import Subscription

EVENT_TYPE, SERVICE = "exportRequested", "meca-exporter"
QUEUE = f"consumer__{EVENT_TYPE}__{SERVICE}"
SWAP = f"swap__{EVENT_TYPE}__{SERVICE}"
TURNS = 60


class Site:
    """One installation: registry, broker, and the process that leads."""

    def __init__(self, memory: MemoryBroker, broker: MockBroker, leadership: Leadership) -> None:
        self.memory = memory
        self.broker = broker
        self.leadership = leadership
        self._link = MemoryLink(memory)
        self.operator = self.process()

    def process(self) -> Operator:
        """Begin anew as another process would, knowing nothing but what is stored."""
        self._link.close()
        self._link = MemoryLink(self.memory)
        # Its time goes by a second and a half a look, so that nothing here waits.
        clock = count(step=1.5)
        self.operator = Operator(
            broker=self.broker,
            leadership=self.leadership,
            link=self._link,
            clock=lambda: next(clock),
        )
        return self.operator

    @property
    def fence(self) -> Fence:
        """Proof of leading."""
        fence = self.leadership.fence
        assert fence is not None
        return fence

    def look(self) -> Any:
        """Have the reconciler look."""
        return reconcile_once(self.broker, fence=self.fence)

    def turn(self, operation: Operation, turns: int = 1) -> Operation:
        """Have operations carried forward."""
        for _ in range(turns):
            self.operator.turn()
        operation.refresh_from_db()
        return operation

    def until(self, operation: Operation, *states: str) -> Operation:
        """Carry on until the operation is in one of these states."""
        for _ in range(TURNS):
            if self.turn(operation).state in states:
                return operation
        raise AssertionError(f"{operation}: {operation.phase}: {operation.sentence}")

    def reach(self, operation: Operation, phase: str) -> Operation:
        """Carry on until the operation is about to do this phase."""
        for _ in range(TURNS):
            if operation.phase == phase:
                return operation
            self.turn(operation)
        raise AssertionError(f"{operation}: {operation.phase}: {operation.sentence}")

    def declare(self, topology: Topology) -> None:
        """Make things on the broker past the registry, as a service does that nobody knows."""
        MemoryLink(self.memory).declare(topology)

    def fill(self, queue: str, numbers: range) -> None:
        """Put numbered messages into a queue."""
        for number in numbers:
            self.memory.publish("", queue, Message(body=str(number).encode(), message_id="m"))

    def holds(self, queue: str) -> list[int]:
        """The numbers that a queue holds, in its order."""
        if not self.memory.has_queue(queue):
            return []
        return [int(one.message.body) for one in self.memory.peek(queue)]

    @property
    def bindings(self) -> set[tuple[str, str, str]]:
        """All bindings, as source, queue and key."""
        return {(one.source, one.queue, one.routing_key) for one in self.memory.snapshot().bindings}


@pytest.fixture
def site(db: None, memory: MemoryBroker, broker: MockBroker) -> Site:
    """An installation whose worker leads."""
    leadership = Leadership()
    leadership.renew()
    return Site(memory, broker, leadership)


@pytest.fixture
def subscription(make_subscription: Callable[..., Subscription], site: Site) -> Subscription:
    """A subscription in order on the broker."""
    made = make_subscription(EVENT_TYPE, SERVICE)
    site.look()
    return made


@pytest.fixture
def retired(subscription: Subscription, site: Site) -> Subscription:
    """A subscription that was retired, whose queue goes on collecting."""
    subscription.state = "retired"
    subscription.save()
    site.look()
    return subscription


def removal(**values: Any) -> Operation:
    """Ask for the removal of the queue, by nobody in particular."""
    values = {"actor": SYSTEM, "object_kind": "queue", "name": QUEUE, **values}
    return actions.request_removal(**values)
