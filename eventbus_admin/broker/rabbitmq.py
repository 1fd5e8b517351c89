"""RabbitMQ's management through its HTTP API, from version 3.10 on."""

from collections.abc import Collection
from typing import Any

from bus_core.topology import Binding, Exchange, Policy, Queue, Topology
from eventbus_admin.broker import glance
from eventbus_admin.broker.address import management_address, vhost_of
from eventbus_admin.broker.client import BULK_SECONDS, ManagementClient, path
from eventbus_admin.broker.interface import BrokerInfo, Observation, Touched
from eventbus_admin.broker.observing import Observer, understood
from eventbus_admin.broker.removing import Removals
from eventbus_admin.broker.users import BrokerUser, Grant, login_of


class RabbitMQBroker(Removals):
    """`Broker` over one virtual host; usable from several threads.

    Counts of quorum queues and of consumers lag by up to five seconds, the broker's own interval.

    Raises `ImproperlyConfigured` when a URL cannot be used.
    """

    counts_lag = 6.0

    def __init__(self, *, management_url: str, amqp_url: str) -> None:
        self.vhost = vhost_of(amqp_url)
        self._api = ManagementClient(management_address(management_url))
        self._observer = Observer(self._api, self.vhost)

    def info(self) -> BrokerInfo:
        """Say which broker answers; an error when our user could not see all of it."""
        return self._observer.info()

    def observe(self) -> Observation:
        """Read everything; complete, or an error."""
        return self._observer.observe()

    def look_again(self, seen: Observation, touched: Collection[Touched]) -> Observation:
        """Read back what was touched when it is little, everything otherwise."""
        reads = glance.reads_for(touched, self.vhost)
        if len(reads) > glance.AT_MOST:
            return self.observe()
        with understood():
            return glance.amended(seen, touched, self._api.find_together(reads), self.vhost)

    def declare_many(self, topology: Topology) -> None:
        """Create many objects with one call, which may take a minute."""
        body = {
            "exchanges": [{"name": one.name, **_exchange(one)} for one in topology.exchanges],
            "policies": [{"name": one.name, **_policy(one)} for one in topology.policies],
            "queues": [{"name": one.name, **_queue(one)} for one in topology.queues],
            "bindings": [_binding(one) for one in topology.bindings],
        }
        self._api.post(path("definitions", self.vhost), body, seconds=BULK_SECONDS)

    def declare_exchange(self, exchange: Exchange) -> None:
        """Create an exchange; one with other arguments may stay as it is without an error."""
        self._api.put(path("exchanges", self.vhost, exchange.name), _exchange(exchange))

    def declare_queue(self, queue: Queue) -> None:
        """Create a queue."""
        self._api.put(path("queues", self.vhost, queue.name), _queue(queue))

    def bind(self, binding: Binding) -> None:
        """Bind a queue."""
        self._api.post(
            path("bindings", self.vhost, "e", binding.source, "q", binding.queue),
            {"routing_key": binding.routing_key, "arguments": {}},
        )

    def put_policy(self, policy: Policy) -> None:
        """Create a policy, or replace the one of its name."""
        self._api.put(path("policies", self.vhost, policy.name), _policy(policy))

    def put_user(self, user: BrokerUser) -> None:
        """Create a user of ours, or make the one of its name as given."""
        # Without the hash RabbitMQ would clear the password.
        body = {
            "password_hash": user.password_hash,
            "hashing_algorithm": user.hashing,
            "tags": ",".join(user.tags),
        }
        self._api.put(path("users", self._login(user.name)), body)

    def grant(self, grant: Grant) -> None:
        """Let a user of ours do this and nothing else."""
        allowed = grant.permissions
        self._api.put(
            path("permissions", self.vhost, self._login(grant.user)),
            {"configure": allowed.configure, "write": allowed.write, "read": allowed.read},
        )

    def delete_user(self, name: str) -> None:
        """Take a user of ours away; RabbitMQ closes its connections by itself."""
        self._api.delete(path("users", self._login(name)))

    def connections(self, name: str) -> tuple[str, ...]:
        """Return where a user of ours is connected from; right at once, unlike statistics."""
        with understood():
            rows = self._api.get(path("connections", "username", self._login(name)))
            return tuple(sorted(_host(row["name"]) for row in rows if row["vhost"] == self.vhost))

    def close_connections(self, name: str, reason: str) -> None:
        """Close the connections of a user of ours."""
        login = self._login(name)
        self._api.delete(path("connections", "username", login), reason=reason)

    # -- inside ----------------------------------------------------------------------------------

    def _login(self, name: str) -> str:
        return login_of(name, self.vhost)


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "type": exchange.type,
        "durable": exchange.durable,
        "auto_delete": False,
        "internal": False,
        "arguments": dict(exchange.arguments),
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "durable": queue.durable,
        "auto_delete": queue.auto_delete,
        "arguments": dict(queue.arguments),
    }


def _host(connection: str) -> str:
    """Return whose connection it is: its name is `host:port -> host:port`."""
    return connection.partition(" -> ")[0].rpartition(":")[0]


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "pattern": policy.pattern,
        "definition": dict(policy.definition),
        "priority": policy.priority,
        "apply-to": policy.apply_to,
    }


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "source": binding.source,
        "destination": binding.queue,
        "destination_type": "queue",
        "routing_key": binding.routing_key,
        "arguments": {},
    }
