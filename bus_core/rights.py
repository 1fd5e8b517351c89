"""What one service may do on the broker, and the names of its users there, as pure functions.

RabbitMQ finds a permission's pattern anywhere in a name, so ours are anchored and escaped. They
are flat lists of alternatives, which makes two of them comparable. None of them ever holds the
default exchange: through it a client reaches every queue.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bus_core.names import PATTERN, check_name
from bus_core.topology import (
    REPORTS,
    consumer_queue,
    control_stream,
    dead_letters,
    event_exchange,
    retry_step,
    service_exchange,
)

NOTHING = "^$"
SLOTS = ("a", "b")
"""A service may have two users: so a new secret is in place before the old one goes."""

_LISTED = re.compile(r"\^\(\?:(?P<names>[^()]+)\)\$")
_USER = re.compile(rf"bus__(?P<service>{PATTERN})__(?P<slot>[{''.join(SLOTS)}])")


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """RabbitMQ's three patterns: names that a user may declare and delete, write to, read from."""

    configure: str = NOTHING
    write: str = NOTHING
    read: str = NOTHING

    def covers(self, other: "Permissions") -> bool:
        """Whether these allow all that `other` does; not when a pattern of `other` is foreign."""
        pairs = (
            (self.configure, other.configure),
            (self.write, other.write),
            (self.read, other.read),
        )
        return all(_covers(wide, narrow) for wide, narrow in pairs)


def confined_permissions(
    service: str, *, publishes: Iterable[str] = (), listens: Iterable[str] = ()
) -> Permissions:
    """What a service needs that declares nothing: `connect(url, service=…, declare=False)`.

    `publishes` and `listens` are event types. It may write to those that it publishes and to its
    own ways of retrying and giving up, and read its own queues; with neither, it may do nothing.
    It does not read event exchanges: together with a write right elsewhere that would let it bind
    one exchange to another.

    Raises `InvalidName`.
    """
    service, published, heard = _checked(service, publishes, listens)
    write, read = _events(published), _queues(service, heard)
    if heard:
        write += [_exact(dead_letters(service)), _retries(service)]
        read.append(_exact(control_stream(service)))
    if published or heard:
        write.append(_exact(REPORTS))
    return Permissions(write=_any(write), read=_any(read))


def declaring_permissions(
    service: str, *, publishes: Iterable[str] = (), listens: Iterable[str] = ()
) -> Permissions:
    """What a service needs that declares and binds its own objects: `connect(url, service=…)`.

    Event exchanges are not among them: whoever may declare one may delete it too.

    Raises `InvalidName`.
    """
    service, published, heard = _checked(service, publishes, listens)
    own = [
        _exact(service_exchange(service)),
        _exact(dead_letters(service)),
        _retries(service),
        *_queues(service, heard),
    ]
    control = _exact(control_stream(service))
    return Permissions(
        configure=_any([*own, control]),
        write=_any([*own, *_events(published), _exact(REPORTS)]),
        read=_any([*own, *_events(heard), control]),
    )


def user_name(service: str, slot: str) -> str:
    """Name of one of a service's two users on the broker; `slot` is one of `SLOTS`."""
    if slot not in SLOTS:
        raise ValueError(f"slot is {slot!r}; it must be one of {', '.join(SLOTS)}")
    return f"bus__{check_name(service, 'service name')}__{slot}"


def service_of_user(name: str) -> str | None:
    """Return whose user bears this name, or `None` when the name is not one of ours."""
    found = _USER.fullmatch(name)
    return found["service"] if found else None


def _checked(
    service: str, publishes: Iterable[str], listens: Iterable[str]
) -> tuple[str, list[str], list[str]]:
    return check_name(service, "service name"), sorted(set(publishes)), sorted(set(listens))


def _events(event_types: list[str]) -> list[str]:
    return [_exact(event_exchange(one)) for one in event_types]


def _queues(service: str, event_types: list[str]) -> list[str]:
    return [_exact(consumer_queue(one, service)) for one in event_types]


def _retries(service: str) -> str:
    return _exact(retry_step(service, 0).removesuffix("0")) + "[0-9]+"


def _exact(name: str) -> str:
    return re.escape(name)


def _any(alternatives: list[str]) -> str:
    return f"^(?:{'|'.join(alternatives)})$" if alternatives else NOTHING


def _covers(wide: str, narrow: str) -> bool:
    if narrow in {NOTHING, wide}:
        return True
    wider, narrower = _LISTED.fullmatch(wide), _LISTED.fullmatch(narrow)
    if not wider or not narrower:
        return False
    return set(narrower["names"].split("|")) <= set(wider["names"].split("|"))
