"""A second, small look: what was just written is read back, the rest is as the last look saw it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bus_core.topology import Binding, Exchange, Policy, Queue
from eventbus_admin.broker import rows
from eventbus_admin.broker.client import Read, path
from eventbus_admin.broker.interface import Observation, QueueState, Touched
from eventbus_admin.broker.users import BrokerUser, Grant, login_of

AT_MOST = 7
"""More reads than these are no saving: a whole look takes eight."""

Answers = Mapping[str, Any]
"""What was read, by path; nothing where there is no such object."""


def reads_for(touched: Iterable[Touched], vhost: str) -> dict[str, Read]:
    """Return what to read to know how these are now; the keys are the paths."""
    found: dict[str, Read] = {}
    for one in touched:
        match one:
            case Exchange():
                read = Read(path("exchanges", vhost, one.name), {"disable_stats": "true"})
            case Queue():
                read = Read(
                    path("queues", vhost, one.name),
                    {"disable_stats": "true", "enable_queue_totals": "true"},
                )
            case Binding():
                # One read for all bindings of the queue.
                read = Read(path("queues", vhost, one.queue, "bindings"))
            case Policy():
                read = Read(path("policies", vhost, one.name))
            case BrokerUser():
                read = Read(path("users", login_of(one.name, vhost)))
            case Grant():
                read = Read(path("permissions", vhost, login_of(one.user, vhost)))
        found[read.where] = read
    return found


def amended(
    seen: Observation, touched: Collection[Touched], answers: Answers, vhost: str
) -> Observation:
    """Return the earlier look with the touched objects as the answers say that they are now."""

    def found(names: set[str], *where: str) -> list[tuple[str, Any]]:
        """Return what there is now of these."""
        read = ((name, answers[path(*where[:1], vhost, name, *where[1:])]) for name in names)
        return [(name, answer) for name, answer in read if answer is not None]

    exchanges = {one.name for one in touched if isinstance(one, Exchange)}
    queues = {one.name for one in touched if isinstance(one, Queue)}
    bound = {one.queue for one in touched if isinstance(one, Binding)}
    policies = {one.name for one in touched if isinstance(one, Policy)}
    users = {one.name for one in touched if isinstance(one, BrokerUser)}
    grants = {one.user for one in touched if isinstance(one, Grant)}
    known = {one.queue.name: one for one in seen.queues}
    return replace(
        seen,
        exchanges=(
            *(one for one in seen.exchanges if one.exchange.name not in exchanges),
            *(rows.exchange_state(row) for _, row in found(exchanges, "exchanges")),
        ),
        queues=(
            *(one for one in seen.queues if one.queue.name not in queues),
            *(_queue(row, known.get(name), seen) for name, row in found(queues, "queues")),
        ),
        bindings=(
            *(one for one in seen.bindings if one.queue not in bound),
            *(
                binding
                for _, answer in found(bound, "queues", "bindings")
                for binding in rows.bindings(rows.rows(answer))
            ),
        ),
        policies=(
            *(one for one in seen.policies if one.name not in policies),
            *(rows.policy(row) for _, row in found(policies, "policies")),
        ),
        users=None
        if seen.users is None
        else (
            *(one for one in seen.users if one.name not in users),
            *rows.users(_logins(users, answers, vhost, "users"), vhost),
        ),
        grants=(
            *(one for one in seen.grants if one.user not in grants),
            *rows.grants(_logins(grants, answers, vhost, "permissions", vhost), vhost),
        ),
    )


def _queue(row: rows.Row, known: QueueState | None, seen: Observation) -> QueueState:
    """Read a queue; its consumers are those of the last look, which a new one has none of."""
    if known is not None:
        return rows.queue_state(row, known.consumers)
    counted = all(one.consumers is not None for one in seen.queues)
    return rows.queue_state(row, 0 if counted else None)


def _logins(names: Iterable[str], answers: Answers, vhost: str, *where: str) -> list[Any]:
    read = (answers[path(*where, login_of(name, vhost))] for name in names)
    return [one for one in read if one is not None]
