"""`Evidence`: everything that rows say about one event and one service; frozen, without Django."""

from dataclasses import dataclass
from datetime import datetime

from bus_core.retry import RetryPolicy


@dataclass(frozen=True, kw_only=True)
class Published:
    """The event as the tap saw it."""

    seen: datetime
    source: str


@dataclass(frozen=True, kw_only=True)
class Journal:
    """How much the record of events can tell."""

    since: datetime | None = None
    """The oldest event in it; nothing when it is empty."""
    dropped: int = 0
    """Events that came faster than the feed could note them, since it was started."""
    until: datetime | None = None
    """The latest event in it."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One audit entry."""

    id: int
    verb: str
    at: datetime
    by: str
    kind: str = ""
    """What it is about: `subscription`, `queue` or `binding`."""
    before: str = ""
    """The state that it ended, where it is about one."""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Subscribed:
    """The subscription as the registry has it now, and its history, oldest first."""

    state: str
    created: datetime
    retry: RetryPolicy
    history: tuple[Deed, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A queue or a binding as the last looks found it."""

    id: int
    sync: str
    since: datetime
    """Since when it is in this state."""
    there: bool
    """Whether it was on the broker at the last look."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """The last look at the broker, and what it saw of the subscription's queue."""

    at: datetime | None = None
    reachable: bool = False
    ready: int | None = None
    """Events that wait; nothing when the queue was not seen."""
    unacked: int = 0
    consumers: int = 0
    since: datetime | None = None
    """Since when the health is what it is."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the service last reported of the event."""

    outcome: str
    attempts: int
    ms: float
    error: str
    worker: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A dead letter of the event at this service."""

    id: int
    state: str
    died: datetime
    since: datetime
    attempts: int
    error: str
    worker: str = ""
    run: str = ""
    original: int | None = None
    edited_by: str = ""
    discard: str = ""
    discarded_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Something that took events out of the queue: an operation, with the quarantine it filled."""

    id: str
    kind: str
    state: str
    at: datetime
    by: str = ""
    quarantine: int | None = None
    kept: int = 0
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it; `asked_at` is when the event was published, as far as the person knows."""

    event_id: str
    event_type: str
    service: str
    now: datetime
    asked_at: datetime | None = None
    published: Published | None = None
    journal: Journal = Journal()
    lifecycle: str = ""
    """Of the event type; empty when it is not registered."""
    registered: bool = True
    """Whether the service is."""
    publication: str = ""
    """State of the source's right to publish it; empty when there is none."""
    subscription: Subscribed | None = None
    queue: Thing | None = None
    binding: Thing | None = None
    made: tuple[Deed, ...] = ()
    """What runs did to the queue and its binding, oldest first."""
    look: Look = Look()
    workers: tuple[str, ...] = ()
    """Workers that consume the subscription now."""
    reports: bool = False
    """Whether the service ever reported anything: it uses the library."""
    receipt: Receipt | None = None
    letters: tuple[Letter, ...] = ()
    """Oldest first."""
    moved: tuple[Moved, ...] = ()
    """Latest first."""

    @property
    def arrived(self) -> bool:
        """Whether the service had it in its hands."""
        return self.receipt is not None or bool(self.letters)

    @property
    def moment(self) -> datetime | None:
        """When it was published, as well as anybody knows."""
        return self.published.seen if self.published else self.asked_at
