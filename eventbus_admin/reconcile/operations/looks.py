"""One look at broker and registry, as operations ask about it. Pure but for `look`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bus_core.topology import Binding, Queue, Topology
from eventbus_admin.broker.interface import Broker, Observation, QueueState
from eventbus_admin.reconcile import objects
from eventbus_admin.reconcile.desired import read_registry, topology_of
from eventbus_admin.reconcile.objects import Key, key_of


@dataclass(frozen=True)
class Look:
    """What is and what should be."""

    seen: Observation
    wanted: Topology

    @cached_property
    def queues(self) -> Mapping[str, QueueState]:
        """The queues that are there, by name."""
        return {one.queue.name: one for one in self.seen.queues}

    @cached_property
    def exchanges(self) -> frozenset[str]:
        """Names of the exchanges that are there."""
        return frozenset(one.exchange.name for one in self.seen.exchanges)

    @cached_property
    def wanted_keys(self) -> frozenset[Key]:
        """All that the registry asks for."""
        wanted = self.wanted
        groups = (wanted.exchanges, wanted.queues, wanted.bindings, wanted.policies)
        return frozenset(key_of(one) for group in groups for one in group)

    def wanted_queue(self, name: str) -> Queue | None:
        """Return a queue as the registry asks for it."""
        return next((one for one in self.wanted.queues if one.name == name), None)

    def as_wanted(self, name: str) -> bool:
        """Whether a queue is there as the registry asks for it."""
        wanted, found = self.wanted_queue(name), self.queues.get(name)
        if wanted is None or found is None:
            return False
        should = objects.queue_properties(wanted, self.seen.default_queue_type)
        return should == objects.queue_state_properties(found)

    def bindings_of(self, queue: str) -> tuple[Binding, ...]:
        """Return a queue's bindings, as they are and as they should be, where both ends are."""
        every = {*self.seen.bindings, *self.wanted.bindings}
        return tuple(sorted(one for one in every if one.queue == queue and self._has(one)))

    def possible(self, bindings: Iterable[Binding]) -> tuple[Binding, ...]:
        """Return those of the bindings whose exchange is there."""
        return tuple(one for one in bindings if self._has(one))

    def _has(self, binding: Binding) -> bool:
        return binding.source in self.exchanges


def look(broker: Broker) -> Look:
    """Look now; raises a `BrokerError` when the broker cannot be read."""
    return Look(broker.observe(), topology_of(read_registry()))


def as_rows(bindings: Iterable[Binding]) -> list[dict[str, Any]]:
    """Return bindings as they are stored."""
    return [
        {"source": one.source, "queue": one.queue, "routing_key": one.routing_key}
        for one in bindings
    ]


def from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Binding, ...]:
    """Return bindings that were stored."""
    return tuple(Binding(**row) for row in rows)
