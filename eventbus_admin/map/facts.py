"""What the map is made of, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Pair = tuple[str, str]
"""Names of an event type and a service, in this order."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A registered service or event type."""

    name: str
    owner: str
    detail: str = ""
    """A service's kind, an event type's lifecycle."""


@dataclass(frozen=True, kw_only=True)
class Listening:
    """A live subscription with what was last observed of its queue."""

    event_type: str
    service: str
    paused: bool = False
    sync: str = "unknown"
    health: str = "unknown"
    sentence: str = ""
    waiting: int = 0
    consumers: int = 0


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the journal saw one service publish of one event type."""

    share: float
    """Of the type's events in the last minutes, from 0 to 1."""
    last: datetime


@dataclass(frozen=True, kw_only=True)
class Found:
    """An object of ours on the broker that is not as the registry says."""

    kind: str
    name: str
    sync: str
    sentence: str = ""
    source: str = ""
    destination: str = ""
    """Both of a binding only."""
    to_exchange: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that is known, as far as one viewer may see it."""

    own: str = ""
    """The service that sees what is its own only; empty for people, who see all."""
    services: tuple[Thing, ...] = ()
    event_types: tuple[Thing, ...] = ()
    publications: tuple[Pair, ...] = ()
    """The active ones."""
    subscriptions: tuple[Listening, ...] = ()
    workers: Mapping[str, int] = field(default_factory=dict)
    """Processes that are at work, by service; those without any are left out."""
    announced: frozenset[Pair] = frozenset()
    """What these say that they listen to."""
    flows: Mapping[Pair, Flow] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    """Events a minute, by event type."""
    dead: Mapping[Pair, int] = field(default_factory=dict)
    """Dead letters that wait for a person; without an event type where none is known."""
    found: tuple[Found, ...] = ()
    looked: bool = False
    """Whether the broker answers, so that one may say who is not connected."""
    observed_at: datetime | None = None
    journal_since: datetime | None = None
    """How far back the journal reaches."""
