"""RabbitMQ tells of changes through its plugin `rabbitmq_event_exchange`, when that is enabled.

The plugin publishes to one topic exchange for the whole broker, in the virtual host that its
setting `event_exchange.vhost` names: `/` unless somebody chose another. Where that is, and whether
our queue was really bound to it, we ask the management API.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any

from bus_core.connecting import open_link
from bus_core.link import ConsumeOptions, LinkState
from bus_core.message import Delivery
from bus_core.topology import Binding, Topology, tap_queue
from eventbus_admin.broker.address import management_address, vhost_of, with_vhost
from eventbus_admin.broker.changes import (
    HEARS,
    Finding,
    Hearing,
    Listening,
    concerns_us,
)
from eventbus_admin.broker.client import ManagementClient, path
from eventbus_admin.broker.errors import BrokerRefused, NotTold

PLUGIN = "rabbitmq_event_exchange"
EXCHANGE = "amq.rabbitmq.event"
# Never `user.#`: each of our own calls of the management API is a `user.authentication.success`.
KEYS = (
    "queue.*",
    "exchange.*",
    "binding.*",
    "policy.*",
    "permission.*",
    "user.*",
    "user.password.*",
    "user.tags.set",
)
CLIENT_NAME = "eventbus-admin changes"
PATIENCE_SECONDS = 10.0
"""So long the broker may take to let us listen before that counts as a refusal."""
CLOSE_SECONDS = 2.0


class RabbitChanges:
    """The event exchange of one broker; only what concerns one virtual host is heard."""

    def __init__(self, *, management_url: str, amqp_url: str) -> None:
        self._api = ManagementClient(management_address(management_url))
        self._amqp_url = amqp_url
        self._vhost = vhost_of(amqp_url)

    def listen(self, heard: Callable[[], None]) -> Listening:
        """Begin to listen."""
        where = self._exchange_vhost()
        return _RabbitListening(
            self._api, with_vhost(self._amqp_url, where), where, self._vhost, heard
        )

    def _exchange_vhost(self) -> str:
        """Return the virtual host of the exchange."""
        if self._plugin_is_off():
            raise NotTold(
                "RabbitMQ tells of no changes. To see them within a second, enable its plugin: "
                f"rabbitmq-plugins enable {PLUGIN}"
            )
        # Of the whole broker, and there may be thousands: have it look for the name.
        found = self._api.get(
            "exchanges", name=EXCHANGE, page="1", page_size="100", disable_stats="true"
        )
        # One that was left in another virtual host when the setting was changed gets nothing.
        vhosts = sorted(one["vhost"] for one in found["items"] if one["name"] == EXCHANGE)
        if not vhosts:
            raise BrokerRefused(
                f"We do not see the exchange {EXCHANGE}. Give the user in EVENTBUS_MANAGEMENT_URL "
                "the tag administrator or monitoring."
            )
        return str(self._vhost if self._vhost in vhosts else vhosts[0])

    def _plugin_is_off(self) -> bool:
        """Whether no node has it; one that started a moment ago does not say yet."""
        enabled = [one.get("enabled_plugins") for one in self._api.get("nodes")]
        return None not in enabled and not any(PLUGIN in one for one in enabled)


class _RabbitListening:
    """Its queue is exclusive, bounded and needs no acknowledgements: it can hold up nobody."""

    def __init__(
        self,
        api: ManagementClient,
        url: str,
        where: str,
        vhost: str,
        heard: Callable[[], None],
    ) -> None:
        self._api = api
        self._where = where
        self._vhost = vhost
        self._heard = heard
        self._bound = False
        self._lost_at: float | None = time.monotonic()
        self._queue = tap_queue(secrets.token_hex(8))
        bindings = tuple(
            Binding(source=EXCHANGE, queue=self._queue.name, routing_key=key) for key in KEYS
        )
        self._link = open_link(url, client_name=CLIENT_NAME)
        self._consumption = self._link.consume(
            ConsumeOptions(
                queue=self._queue.name,
                topology=Topology(queues=(self._queue,), bindings=bindings),
                auto_ack=True,
            ),
            self._on_delivery,
            # What happened while we were away was told to nobody.
            on_ready=lambda _: heard(),
        )

    def look(self) -> Finding:
        """Return whether it hears; once it listens, ask RabbitMQ whether it is really bound."""
        if self._link.state is LinkState.FAILED:
            return self._refused()
        if self._consumption.active:
            self._lost_at = None
            self._bound = self._bound or self._is_bound()
            return HEARS if self._bound else self._refused()
        self._bound = False
        self._lost_at = self._lost_at or time.monotonic()
        waited = time.monotonic() - self._lost_at
        if self._link.state is LinkState.OPEN and waited > PATIENCE_SECONDS:
            return self._refused()
        return Finding(Hearing.UNKNOWN, "Connecting to where RabbitMQ tells of changes.")

    def close(self) -> None:
        """End it."""
        self._link.close(CLOSE_SECONDS)

    def _on_delivery(self, delivery: Delivery) -> None:
        if concerns_us(delivery.routing_key, delivery.message.headers, self._vhost):
            self._heard()

    def _is_bound(self) -> bool:
        where = path("bindings", self._where, "e", EXCHANGE, "q", self._queue.name)
        found: list[Any] = self._api.get(where)
        return {one["routing_key"] for one in found} >= set(KEYS)

    def _refused(self) -> Finding:
        return Finding(
            Hearing.REFUSED,
            "RabbitMQ does not let us listen to its changes. Give the user in EVENTBUS_AMQP_URL "
            f"these rights in the virtual host {self._where}: configure and write on ^tap__, read "
            f"on ^(tap__.*|{EXCHANGE.replace('.', chr(92) + '.')})$.",
        )
