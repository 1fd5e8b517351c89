"""How objects on the broker are named and described where people see them."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bus_core.rights import Permissions
from bus_core.topology import Binding, Exchange, Policy, Queue
from eventbus_admin.broker.interface import ExchangeBinding, ExchangeState, QueueState
from eventbus_admin.broker.users import BrokerUser, Grant

Properties = Mapping[str, Any]


class ObjectKind(StrEnum):
    """What kinds of objects there are, in the order in which they can be made."""

    EXCHANGE = "exchange"
    POLICY = "policy"
    QUEUE = "queue"
    BINDING = "binding"
    USER = "user"
    PERMISSION = "permission"


@dataclass(frozen=True, kw_only=True)
class RevokedUser:
    """A user of ours that shall not be there any more."""

    name: str


Key = tuple[ObjectKind, str]
Wanted = Exchange | Policy | Queue | Binding | BrokerUser | Grant | RevokedUser

_TYPE = "x-queue-type"


def step_id(kind: str, name: str) -> str:
    """Return by what a step is chosen; a queue and an exchange may have one name."""
    return f"{kind} {name}"


def is_chosen(kind: str, name: str, chosen: Collection[str] | None) -> bool:
    """Whether an object is among those chosen, by id or by name alone; `None` chooses all."""
    return chosen is None or name in chosen or step_id(kind, name) in chosen


def binding_name(source: str, destination: str, routing_key: str) -> str:
    """Return how a binding is called: `source → destination [routing key]`."""
    key = f" [{routing_key}]" if routing_key else ""
    return f"{source} → {destination}{key}"


def exchange_binding_name(binding: ExchangeBinding) -> str:
    """Return how a binding between exchanges is called; a queue may have the exchange's name."""
    return binding_name(binding.source, f"{binding.destination} (exchange)", binding.routing_key)


def key_of(wanted: Wanted) -> Key:
    """Return kind and name of an object that should exist."""
    match wanted:
        case Exchange():
            return ObjectKind.EXCHANGE, wanted.name
        case Queue():
            return ObjectKind.QUEUE, wanted.name
        case Policy():
            return ObjectKind.POLICY, wanted.name
        case Binding():
            name = binding_name(wanted.source, wanted.queue, wanted.routing_key)
            return ObjectKind.BINDING, name
        case BrokerUser() | RevokedUser():
            return ObjectKind.USER, wanted.name
        case Grant():
            return ObjectKind.PERMISSION, wanted.user


def exchange_properties(exchange: Exchange) -> Properties:
    """Return what makes an exchange what it is."""
    return exchange_state_properties(ExchangeState(exchange=exchange))


def exchange_state_properties(state: ExchangeState) -> Properties:
    """Return what makes an exchange what it is."""
    return {
        "type": state.exchange.type,
        "durable": state.exchange.durable,
        "auto_delete": state.auto_delete,
        "internal": state.internal,
        "arguments": dict(state.exchange.arguments),
    }


def queue_properties(queue: Queue, default_type: str) -> Properties:
    """Return what makes a queue what it is; one without a type has the broker's default."""
    arguments = dict(queue.arguments)
    return {
        "type": arguments.pop(_TYPE, default_type),
        "durable": queue.durable,
        "exclusive": queue.exclusive,
        "auto_delete": queue.auto_delete,
        "arguments": arguments,
    }


def queue_state_properties(state: QueueState) -> Properties:
    """Return what makes a queue what it is."""
    return queue_properties(state.queue, state.type)


def binding_properties(binding: Binding) -> Properties:
    """Return what makes a binding what it is."""
    return _binding(binding.source, binding.queue, "queue", binding.routing_key)


def exchange_binding_properties(binding: ExchangeBinding) -> Properties:
    """Return what makes a binding between exchanges what it is."""
    return _binding(binding.source, binding.destination, "exchange", binding.routing_key)


def policy_properties(policy: Policy) -> Properties:
    """Return what makes a policy what it is."""
    return {
        "pattern": policy.pattern,
        "definition": dict(policy.definition),
        "priority": policy.priority,
        "apply_to": policy.apply_to,
    }


def user_properties(user: BrokerUser) -> Properties:
    """Return what makes a user what it is; of the password no more than whether it is the same."""
    hashed = f"{user.hashing}:{user.password_hash}".encode()
    fingerprint = hashlib.sha256(hashed).hexdigest()[:12]
    return {
        "password": f"fingerprint {fingerprint}" if user.password_hash else "none",
        "tags": list(user.tags),
    }


def grant_properties(grant: Grant) -> Properties:
    """Return what a user may do."""
    return asdict(grant.permissions)


def permissions_of(properties: Properties) -> Permissions:
    """Return what `grant_properties` was made of."""
    return Permissions(**properties)


def _binding(source: str, destination: str, kind: str, routing_key: str) -> Properties:
    return {
        "source": source,
        "destination": destination,
        "destination_kind": kind,
        "routing_key": routing_key,
    }
