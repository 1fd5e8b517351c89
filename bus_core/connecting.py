"""`connect`: picks the implementation of the event bus by the URL's scheme."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bus_core.broker_bus import BrokerBus
from bus_core.bus import EventBus
from bus_core.errors import InvalidURL
from bus_core.link import Link
from bus_core.middleware import Middleware
from bus_core.names import check_name
from bus_core.observed_bus import ObservedBus

ENTRY_POINTS = "bus_core.buses"


def connect(
    url: str, *, service: str, middleware: Sequence[Middleware] = (), **options: Any
) -> EventBus:
    """Return the bus of this service; nothing is connected before its first use.

    `url` is `amqp://user:password@host:port/vhost` (several hosts: separate URLs by commas),
    `amqps://…`, `memory://` (an embedded broker of its own), `memory://name` (shared in this
    process), or a scheme that an installed package registered under the entry point group
    `bus_core.buses`. `options` are the implementation's; those above know `declare`: with
    `declare=False` the bus uses what is on the broker and declares nothing, for services that may
    not. `middleware` goes around publishing and handlers, the first outermost.

    Raises `InvalidURL` for an unknown scheme and `InvalidName` for a bad service name.
    """
    scheme = _parts(url).scheme
    if scheme in {"amqp", "amqps", "memory"}:
        check_name(service, "service name")
        link = open_link(url, client_name=service)
        if middleware:
            return ObservedBus(link, service, middleware, **options)
        return BrokerBus(link, service, **options)
    if middleware:
        options["middleware"] = middleware
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == scheme:
            factory: Callable[..., EventBus] = entry.load()
            return factory(url, service=service, **options)
    raise InvalidURL(
        f"no event bus at {_shown(url)!r}: write amqp://, amqps:// or memory://, or install a "
        "package that provides this scheme"
    )


def open_link(url: str, *, client_name: str) -> Link:
    """Return a way to the broker at this URL, for those who need AMQP itself.

    `client_name` is shown by the broker. Raises `InvalidURL`.
    """
    parts = _parts(url)
    if parts.scheme == "memory":
        from bus_core.memory import MemoryBroker, MemoryLink, shared_broker

        name = parts.netloc
        return MemoryLink(shared_broker(name) if name else MemoryBroker())
    if parts.scheme in {"amqp", "amqps"}:
        from bus_core.rabbitmq import RabbitLink

        return RabbitLink(url, client_name=client_name)
    raise InvalidURL(f"not a broker's URL: {_shown(url)!r}; use amqp://, amqps:// or memory://")


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # The parser's own text may quote a piece of the password.
        raise InvalidURL(
            "not a URL: write amqp://user:password@host:port/vhost, special characters in the "
            "password escaped, such as %2F for a slash"
        ) from None


def _shown(url: str) -> str:
    """Return the URL without its password."""
    head, at, tail = url.rpartition("@")
    scheme, found, _ = head.partition("://")
    return f"{scheme if found else ''}{found}…@{tail}" if at else url
