"""What the rows of RabbitMQ's lists say, read the same whatever its version. Pure.

Whatever a row lacks, or has in another shape, is a `KeyError`, `TypeError` or `ValueError`: a list
is understood as a whole or not at all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bus_core.rights import Permissions
from bus_core.topology import Binding, Exchange, Policy, Queue
from eventbus_admin.broker.interface import ExchangeBinding, ExchangeState, QueueState
from eventbus_admin.broker.users import BrokerUser, Grant, user_of

Row = Mapping[str, Any]


def rows(answer: Any) -> list[Row]:
    """Return an answer that is to be a list of objects; raises `TypeError` for anything else."""
    if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
        raise TypeError("not a list of objects")
    return answer


def exchange_state(row: Row) -> ExchangeState:
    """Read an exchange."""
    return ExchangeState(
        exchange=Exchange(
            name=row["name"], type=row["type"], durable=row["durable"], arguments=row["arguments"]
        ),
        auto_delete=row["auto_delete"],
        internal=row["internal"],
    )


def queue_state(row: Row, consumers: int | None) -> QueueState:
    """Read a queue; `consumers` are counted elsewhere, or not at all."""
    return QueueState(
        queue=Queue(
            name=str(row["name"]),
            durable=row["durable"],
            # Without statistics, RabbitMQ says null for queues that cannot be exclusive.
            exclusive=bool(row["exclusive"]),
            auto_delete=row["auto_delete"],
            # Version 4 adds the type to the arguments, version 3 leaves it out unless given.
            arguments={**row["arguments"], "x-queue-type": row["type"]},
        ),
        # Streams and queues that are down have no totals.
        ready=row.get("messages_ready") or 0,
        unacked=row.get("messages_unacknowledged") or 0,
        consumers=consumers,
        state=str(row.get("state", "running")),
    )


def consumer_counts(answer: Any) -> Counter[str]:
    """Count the consumers of each queue."""
    return Counter(str(row["queue"]["name"]) for row in rows(answer))


def implied(found: Iterable[Row]) -> set[str]:
    """Return the queues that the default exchange is bound to, which is all of them."""
    return {str(row["destination"]) for row in found if not row["source"]}


def bindings(found: Iterable[Row]) -> tuple[Binding, ...]:
    """Read the bindings of queues, without those of the default exchange."""
    read = {
        Binding(source=row["source"], queue=row["destination"], routing_key=row["routing_key"])
        for row in found
        if row["source"] and row["destination_type"] == "queue"
    }
    return tuple(sorted(read))


def exchange_bindings(found: Iterable[Row]) -> tuple[ExchangeBinding, ...]:
    """Read the bindings of exchanges."""
    read = {
        ExchangeBinding(
            source=row["source"], destination=row["destination"], routing_key=row["routing_key"]
        )
        for row in found
        if row["source"] and row["destination_type"] == "exchange"
    }
    return tuple(sorted(read))


def policy(row: Row) -> Policy:
    """Read a policy."""
    return Policy(
        name=row["name"],
        pattern=row["pattern"],
        definition=row["definition"],
        priority=row["priority"],
        apply_to=row["apply-to"],
    )


def users(answer: Any, vhost: str) -> tuple[BrokerUser, ...]:
    """Read our users; nobody else's hash leaves this function."""
    named = ((user_of(row["name"], vhost), row) for row in rows(answer))
    return tuple(
        BrokerUser(
            name=name,
            password_hash=row["password_hash"],
            hashing=row["hashing_algorithm"],
            tags=tuple(sorted(row["tags"])),
        )
        for name, row in named
        if name
    )


def grants(answer: Any, vhost: str) -> tuple[Grant, ...]:
    """Read what our users may do."""
    named = ((user_of(row["user"], vhost), row) for row in rows(answer))
    return tuple(
        Grant(
            user=name,
            permissions=Permissions(
                configure=row["configure"], write=row["write"], read=row["read"]
            ),
        )
        for name, row in named
        if name
    )


def names_in_definitions(answer: Any) -> set[str]:
    """Return what the definitions of a virtual host hold, each as a phrase for people.

    They leave out exclusive queues and the exchanges that the broker makes itself.
    """
    found = {f"exchange {row['name']}" for row in rows(answer["exchanges"])}
    found |= {f"queue {row['name']}" for row in rows(answer["queues"])}
    found |= {f"policy {row['name']}" for row in rows(answer["policies"])}
    return found | {
        binding_phrase(row["source"], row["destination"], row["routing_key"])
        for row in rows(answer["bindings"])
    }


def binding_phrase(source: str, destination: str, routing_key: str) -> str:
    """Name a binding."""
    return f"binding {source} to {destination} [{routing_key}]"
