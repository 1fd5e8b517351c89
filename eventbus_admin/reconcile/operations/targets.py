"""Objects without messages, as they are deleted and looked for."""

from dataclasses import dataclass
from typing import Protocol

from bus_core.topology import Binding
from eventbus_admin.broker.interface import Broker, ExchangeBinding
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations.looks import Look
from eventbus_admin.reconcile.operations.models import Operation


class Target(Protocol):
    """Something that may be deleted without losing messages."""

    def delete(self, broker: Broker) -> None:
        """Delete it; raises a `BrokerError`."""

    def is_in(self, look: Look) -> bool:
        """Whether it is there."""


@dataclass(frozen=True)
class _Exchange:
    name: str

    def delete(self, broker: Broker) -> None:
        broker.delete_exchange(self.name)

    def is_in(self, look: Look) -> bool:
        return self.name in look.exchanges


@dataclass(frozen=True)
class _Policy:
    name: str

    def delete(self, broker: Broker) -> None:
        broker.delete_policy(self.name)

    def is_in(self, look: Look) -> bool:
        return any(one.name == self.name for one in look.seen.policies)


@dataclass(frozen=True)
class _QueueBinding:
    binding: Binding

    def delete(self, broker: Broker) -> None:
        broker.unbind(self.binding)

    def is_in(self, look: Look) -> bool:
        return self.binding in look.seen.bindings


@dataclass(frozen=True)
class _ExchangeBinding:
    binding: ExchangeBinding

    def delete(self, broker: Broker) -> None:
        broker.unbind_exchange(self.binding)

    def is_in(self, look: Look) -> bool:
        return self.binding in look.seen.exchange_bindings


def target_of(operation: Operation) -> Target:
    """Return what an operation is to delete; of a binding, as it was found."""
    match operation.object_kind:
        case ObjectKind.EXCHANGE:
            return _Exchange(operation.name)
        case ObjectKind.POLICY:
            return _Policy(operation.name)
    found = operation.options["found"]
    source, key = str(found["source"]), str(found["routing_key"])
    if found["destination_kind"] == "exchange":
        return _ExchangeBinding(
            ExchangeBinding(source=source, destination=found["destination"], routing_key=key)
        )
    return _QueueBinding(Binding(source=source, queue=found["destination"], routing_key=key))
