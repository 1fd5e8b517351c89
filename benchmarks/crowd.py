"""Registries and brokers with many subscriptions, by which the reconciler is measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from bus_core.retry import RetryPolicy
from bus_core.topology import (
    Topology,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)

CROWD = 2_000
"""Subscriptions on the broker with which the registry is compared."""
FIRST = 500
"""Subscriptions that are applied to an empty broker."""
FEW = 20
CROWDED_VHOST = "bench-crowd"

_TYPES = 100
_LOT = 500
_SECONDS = 120


def pairs(count: int) -> list[tuple[str, str]]:
    """Return event type and service of so many subscriptions."""
    return [(f"type{one % _TYPES}", f"service{one // _TYPES}") for one in range(count)]


def topology(count: int) -> Topology:
    """Return all that so many subscriptions need."""
    wanted = pairs(count)
    delays = RetryPolicy().delays_ms
    return merge(
        (
            bus_topology(),
            *(event_type_topology(name) for name in sorted({one for one, _ in wanted})),
            *(service_topology(name, delays) for name in sorted({one for _, one in wanted})),
            *(subscription_topology(*one) for one in wanted),
        )
    )


def definitions(wanted: Topology) -> dict[str, Any]:
    """Return a topology as RabbitMQ imports it."""
    return {
        "exchanges": [
            {
                "name": one.name,
                "type": one.type,
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": dict(one.arguments),
            }
            for one in wanted.exchanges
        ],
        "policies": [
            {
                "name": one.name,
                "pattern": one.pattern,
                "definition": dict(one.definition),
                "priority": one.priority,
                "apply-to": one.apply_to,
            }
            for one in wanted.policies
        ],
        "queues": [
            {
                "name": one.name,
                "durable": True,
                "auto_delete": False,
                "arguments": dict(one.arguments),
            }
            for one in wanted.queues
        ],
        "bindings": [
            {
                "source": one.source,
                "destination": one.queue,
                "destination_type": "queue",
                "routing_key": one.routing_key,
                "arguments": {},
            }
            for one in wanted.bindings
        ],
    }


class Management:
    """The management API, asked by hand."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def call(self, method: str, where: str, body: object = None) -> Any:
        """Ask; returns the parsed answer if there is one."""
        url = f"{self._url}/api/{where}"
        answer = self._session.request(method, url, json=body, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def make_vhost(self, vhost: str) -> None:
        """Make a virtual host in which the user of the URL may do everything."""
        user = quote(urlsplit(self._url).username or "", safe="")
        self.call("PUT", f"vhosts/{vhost}", {})
        everything = dict.fromkeys(("configure", "write", "read"), ".*")
        self.call("PUT", f"permissions/{vhost}/{user}", everything)

    def delete_vhost(self, vhost: str) -> None:
        """Remove it and whatever it holds."""
        self.call("DELETE", f"vhosts/{vhost}")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


@contextmanager
def vhost_of_its_own(url: str, vhost: str) -> Iterator[Management]:
    """Make a virtual host and remove it afterwards."""
    management = Management(url)
    management.make_vhost(vhost)
    try:
        yield management
    finally:
        management.delete_vhost(vhost)
        management.close()


@contextmanager
def crowded(url: str, count: int) -> Iterator[None]:
    """Make the virtual host with many subscriptions, which takes a while; remove it afterwards."""
    wanted = topology(count)
    with vhost_of_its_own(url, CROWDED_VHOST) as management:
        where = f"definitions/{CROWDED_VHOST}"
        for first in range(0, len(wanted.queues), _LOT):
            lot = Topology(exchanges=wanted.exchanges, queues=wanted.queues[first : first + _LOT])
            management.call("POST", where, definitions(lot))
        rest = Topology(bindings=wanted.bindings, policies=wanted.policies)
        management.call("POST", where, definitions(rest))
        yield
