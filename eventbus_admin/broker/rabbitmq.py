"""RabbitMQ's management through its HTTP API, from version 3.10 on."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bus_core.rights import Permissions
from bus_core.topology import Binding, Exchange, Policy, Queue
from eventbus_admin.broker.address import management_address, vhost_of
from eventbus_admin.broker.client import ManagementClient, path
from eventbus_admin.broker.errors import BrokerRefused, BrokerUnavailable
from eventbus_admin.broker.identity import identity_of
from eventbus_admin.broker.interface import (
    BrokerInfo,
    ExchangeBinding,
    ExchangeState,
    Observation,
    QueueState,
)
from eventbus_admin.broker.users import BrokerUser, Grant, login_of, user_of

_UNDEFINED = "undefined"
_MANAGES_USERS = "administrator"


class RabbitMQBroker:
    """`Broker` over one virtual host; usable from several threads.

    Counts of quorum queues and of consumers lag by up to five seconds, the broker's own interval.

    Raises `ImproperlyConfigured` when a URL cannot be used.
    """

    def __init__(self, *, management_url: str, amqp_url: str) -> None:
        self.vhost = vhost_of(amqp_url)
        self._api = ManagementClient(management_address(management_url))

    def info(self) -> BrokerInfo:
        """Say which broker answers; an error when our user could not see all of it."""
        with _understood():
            self._tags()
            return self._info(self._api.get("overview"))

    def observe(self) -> Observation:
        """Read everything; complete, or an error."""
        with _understood():
            return self._observe()

    def declare_exchange(self, exchange: Exchange) -> None:
        """Create an exchange; one with other arguments may stay as it is without an error."""
        self._api.put(
            path("exchanges", self.vhost, exchange.name),
            {
                "type": exchange.type,
                "durable": exchange.durable,
                "auto_delete": False,
                "arguments": dict(exchange.arguments),
            },
        )

    def declare_queue(self, queue: Queue) -> None:
        """Create a queue."""
        self._api.put(
            path("queues", self.vhost, queue.name),
            {
                "durable": queue.durable,
                "auto_delete": queue.auto_delete,
                "arguments": dict(queue.arguments),
            },
        )

    def bind(self, binding: Binding) -> None:
        """Bind a queue."""
        self._api.post(
            path("bindings", self.vhost, "e", binding.source, "q", binding.queue),
            {"routing_key": binding.routing_key, "arguments": {}},
        )

    def put_policy(self, policy: Policy) -> None:
        """Create a policy, or replace the one of its name."""
        self._api.put(
            path("policies", self.vhost, policy.name),
            {
                "pattern": policy.pattern,
                "definition": dict(policy.definition),
                "priority": policy.priority,
                "apply-to": policy.apply_to,
            },
        )

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

    def close_connections(self, name: str, reason: str) -> None:
        """Close the connections of a user of ours."""
        login = self._login(name)
        self._api.delete(path("connections", "username", login), reason=reason)

    # -- inside ----------------------------------------------------------------------------------

    def _login(self, name: str) -> str:
        return login_of(name, self.vhost)

    def _observe(self) -> Observation:
        api, vhost = self._api, self.vhost
        tags = self._tags()
        overview = api.get("overview")
        default_queue_type = self._default_queue_type(overview)
        exchanges = api.get(path("exchanges", vhost), disable_stats="true")
        # Without statistics the totals come from the queues themselves: right at once for classic
        # queues, and the only ones on brokers that collect no statistics.
        queues = api.get(path("queues", vhost), disable_stats="true", enable_queue_totals="true")
        bindings = [one for one in api.get(path("bindings", vhost)) if one["source"]]
        policies = api.get(path("policies", vhost))
        consumers = self._consumers(overview)
        return Observation(
            broker=self._info(overview),
            exchanges=tuple(_exchange_state(one) for one in exchanges),
            queues=tuple(_queue_state(one, consumers) for one in queues),
            bindings=_bindings(bindings),
            exchange_bindings=_exchange_bindings(bindings),
            policies=tuple(_policy(one) for one in policies),
            default_queue_type=default_queue_type,
            users=self._users() if _MANAGES_USERS in tags else None,
            grants=self._grants() if _MANAGES_USERS in tags else (),
        )

    def _users(self) -> tuple[BrokerUser, ...]:
        """Return our users; nobody else's hash leaves this function."""
        rows = self._api.get("users")
        ours = ((user_of(row["name"], self.vhost), row) for row in rows)
        return tuple(_user(name, row) for name, row in ours if name)

    def _grants(self) -> tuple[Grant, ...]:
        rows = self._api.get(path("vhosts", self.vhost, "permissions"))
        ours = ((user_of(row["user"], self.vhost), row) for row in rows)
        return tuple(_grant(name, row) for name, row in ours if name)

    def _info(self, overview: Mapping[str, Any]) -> BrokerInfo:
        name = str(overview["cluster_name"])
        return BrokerInfo(
            identity=identity_of(self._api, name, self.vhost),
            name=name,
            version=str(overview["rabbitmq_version"]),
        )

    def _tags(self) -> frozenset[str]:
        """Return our own tags; refuse users to whom the API shows less without saying so."""
        tags = frozenset(self._api.get("whoami")["tags"])
        if not tags & {_MANAGES_USERS, "monitoring"}:
            raise BrokerRefused(
                "RabbitMQ hides other users' consumers from us. Give the user in "
                "EVENTBUS_MANAGEMENT_URL the tags monitoring and policymaker."
            )
        return tags

    def _consumers(self, overview: Mapping[str, Any]) -> Counter[str] | None:
        if overview.get("disable_stats"):
            return None
        rows = self._api.get(path("consumers", self.vhost))
        return Counter(str(row["queue"]["name"]) for row in rows)

    def _default_queue_type(self, overview: Mapping[str, Any]) -> str:
        vhosts = self._api.get("vhosts", columns="name,default_queue_type")
        ours = next((one for one in vhosts if one["name"] == self.vhost), None)
        if ours is None:
            raise BrokerRefused(
                f"There is no virtual host {self.vhost!r} that we may see. Create it, or correct "
                "EVENTBUS_AMQP_URL."
            )
        kind = ours.get("default_queue_type")
        if kind in {None, _UNDEFINED}:
            kind = overview.get("default_queue_type", "classic")
        return str(kind)


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokerUnavailable(
            "RabbitMQ's management gave an answer that we do not understand "
            f"({type(error).__name__}: {error}). Is its version supported (3.10 or later)?"
        ) from error


def _exchange_state(row: Mapping[str, Any]) -> ExchangeState:
    return ExchangeState(
        exchange=Exchange(
            name=row["name"], type=row["type"], durable=row["durable"], arguments=row["arguments"]
        ),
        auto_delete=row["auto_delete"],
        internal=row["internal"],
    )


def _queue_state(row: Mapping[str, Any], consumers: Counter[str] | None) -> QueueState:
    name = str(row["name"])
    return QueueState(
        queue=Queue(
            name=name,
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
        consumers=None if consumers is None else consumers[name],
        state=str(row.get("state", "running")),
    )


def _bindings(rows: list[Mapping[str, Any]]) -> tuple[Binding, ...]:
    found = {
        Binding(source=row["source"], queue=row["destination"], routing_key=row["routing_key"])
        for row in rows
        if row["destination_type"] == "queue"
    }
    return tuple(sorted(found))


def _exchange_bindings(rows: list[Mapping[str, Any]]) -> tuple[ExchangeBinding, ...]:
    found = {
        ExchangeBinding(
            source=row["source"], destination=row["destination"], routing_key=row["routing_key"]
        )
        for row in rows
        if row["destination_type"] == "exchange"
    }
    return tuple(sorted(found))


def _policy(row: Mapping[str, Any]) -> Policy:
    return Policy(
        name=row["name"],
        pattern=row["pattern"],
        definition=row["definition"],
        priority=row["priority"],
        apply_to=row["apply-to"],
    )


def _user(name: str, row: Mapping[str, Any]) -> BrokerUser:
    return BrokerUser(
        name=name,
        password_hash=row["password_hash"],
        hashing=row["hashing_algorithm"],
        tags=tuple(sorted(row["tags"])),
    )


def _grant(name: str, row: Mapping[str, Any]) -> Grant:
    allowed = Permissions(configure=row["configure"], write=row["write"], read=row["read"])
    return Grant(user=name, permissions=allowed)
