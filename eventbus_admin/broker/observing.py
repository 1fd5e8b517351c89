"""One look at everything in our virtual host, over RabbitMQ's management API.

RabbitMQ has no single question for it, so a look is several lists, read at the same time. They are
held against each other: the default exchange is bound to every queue, and whatever is bound is
there. When something has vanished since the last look, RabbitMQ's own export of all definitions is
heard as a witness. What one list lacks twice in a row is an error, for a list that came short must
not pass for objects that are gone. What comes and goes while we look is not lacking twice, and what
a node of a cluster held may be lacking as long as it is down.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eventbus_admin.broker import rows
from eventbus_admin.broker.capabilities import Capabilities, Probe
from eventbus_admin.broker.client import ManagementClient, Read, path
from eventbus_admin.broker.errors import (
    BrokerConflict,
    BrokerFailed,
    BrokerRefused,
    BrokerUnavailable,
)
from eventbus_admin.broker.interface import BrokerInfo, Observation

_SHOWN = 3


class Observer:
    """Looks at one virtual host."""

    def __init__(self, api: ManagementClient, vhost: str) -> None:
        self._api = api
        self._vhost = vhost
        self._probe = Probe(api, vhost)
        self._known: set[str] | None = None
        """What the last look saw, as phrases; nothing before the first."""

    def info(self) -> BrokerInfo:
        """Say which broker answers; an error when our user could not see all of it."""
        with understood():
            broker = self._probe.info(self._api.get("overview"))
            return self._probe.capabilities(broker).broker

    def observe(self) -> Observation:
        """Read everything; complete, or an error."""
        with understood():
            seen, lacking = self._look()
            if lacking:
                seen, again = self._look()
                if (both := sorted(lacking & again)) and not self._a_node_is_down():
                    raise BrokerUnavailable(_lacking(both))
            self._known = _phrases(seen)
            return seen

    def _a_node_is_down(self) -> bool:
        """Whether lists may be short: RabbitMQ 4 leaves out the queues that such a node held."""
        nodes = rows.rows(self._api.get("nodes", columns="name,running"))
        return not all(one["running"] for one in nodes)

    def _look(self) -> tuple[Observation, set[str]]:
        """Return what was seen, and what some list lacks of it."""
        can = self._probe.capabilities()
        answers = self._api.get_together(self._reads(can))
        broker = self._probe.info(answers["overview"])
        if broker != can.broker:
            can = self._probe.capabilities(broker)
            answers = self._api.get_together(self._reads(can))
        seen = self._read(can, answers)
        lacking = _lacking_ends(seen, rows.implied(answers["bindings"]))
        return seen, lacking | self._denied_by_witness(can, seen)

    def _reads(self, can: Capabilities) -> dict[str, Read]:
        vhost = self._vhost
        reads = {
            "overview": Read("overview"),
            # Without statistics the totals come from the queues themselves: right at once for
            # classic queues, and the only ones on brokers that collect no statistics.
            "queues": Read(
                path("queues", vhost), {"disable_stats": "true", "enable_queue_totals": "true"}
            ),
            "bindings": Read(path("bindings", vhost)),
            "exchanges": Read(path("exchanges", vhost), {"disable_stats": "true"}),
            "policies": Read(path("policies", vhost)),
        }
        if can.counts_consumers:
            reads["consumers"] = Read(path("consumers", vhost))
        if can.administrates:
            reads["users"] = Read("users")
            reads["grants"] = Read(path("vhosts", vhost, "permissions"))
        return reads

    def _read(self, can: Capabilities, answers: Mapping[str, Any]) -> Observation:
        consumers = rows.consumer_counts(answers["consumers"]) if can.counts_consumers else None
        bindings = rows.rows(answers["bindings"])
        users = can.administrates
        return Observation(
            broker=can.broker,
            exchanges=tuple(map(rows.exchange_state, rows.rows(answers["exchanges"]))),
            queues=tuple(
                rows.queue_state(row, None if consumers is None else consumers[str(row["name"])])
                for row in rows.rows(answers["queues"])
            ),
            bindings=rows.bindings(bindings),
            exchange_bindings=rows.exchange_bindings(bindings),
            policies=tuple(map(rows.policy, rows.rows(answers["policies"]))),
            default_queue_type=can.default_queue_type,
            users=rows.users(answers["users"], self._vhost) if users else None,
            grants=rows.grants(answers["grants"], self._vhost) if users else (),
        )

    def _denied_by_witness(self, can: Capabilities, seen: Observation) -> set[str]:
        """Return what the definitions hold and the lists do not, if there is cause to ask."""
        phrases = _phrases(seen)
        suspicious = self._known is None or self._known - phrases
        if not suspicious or not can.administrates:
            return set()
        try:
            answer = self._api.get(path("definitions", self._vhost))
        except (BrokerConflict, BrokerFailed, BrokerRefused):
            # RabbitMQ 4.0 fails at virtual hosts with odd names. Without a witness the lists stand.
            return set()
        return rows.names_in_definitions(answer) - phrases


@contextmanager
def understood() -> Iterator[None]:
    """Make an error of ours of an answer that has another shape than it should."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokerUnavailable(
            "RabbitMQ's management gave an answer that we do not understand "
            f"({type(error).__name__}: {error}). Is its version supported (3.10 or later)?"
        ) from error


def _phrases(seen: Observation) -> set[str]:
    found = {f"exchange {one.exchange.name}" for one in seen.exchanges}
    found |= {f"queue {one.queue.name}" for one in seen.queues}
    found |= {f"policy {one.name}" for one in seen.policies}
    found |= {rows.binding_phrase(one.source, one.queue, one.routing_key) for one in seen.bindings}
    return found | {
        rows.binding_phrase(one.source, one.destination, one.routing_key)
        for one in seen.exchange_bindings
    }


def _lacking_ends(seen: Observation, implied: set[str]) -> set[str]:
    """Return what must be there, because something else is, and is on no list."""
    queues = {one.queue.name for one in seen.queues}
    exchanges = {one.exchange.name for one in seen.exchanges}
    bound = implied | {one.queue for one in seen.bindings}
    ends = {one.source for one in seen.bindings}
    ends |= {end for one in seen.exchange_bindings for end in (one.source, one.destination)}
    users = {one.name for one in seen.users or ()}
    return {
        *(f"queue {name}" for name in bound - queues),
        *(f"exchange {name}" for name in ends - exchanges),
        *(f"user {one.user}" for one in seen.grants if one.user not in users),
    }


def _lacking(both: list[str]) -> str:
    shown = ", ".join(both[:_SHOWN])
    more = f" and {len(both) - _SHOWN} more" if len(both) > _SHOWN else ""
    return (
        f"RabbitMQ's management contradicts itself: {shown}{more} must be there, and no list has "
        "it. A node may be starting or cut off from the others; its log says more."
    )
