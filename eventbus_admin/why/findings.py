"""What an answer is made of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mark(StrEnum):
    """How much a fact is worth."""

    PROVEN = "proven"
    STOPPED = "stopped"
    """Proven, and the event got no further than here."""
    UNKNOWN = "unknown"
    ASIDE = "aside"
    """Worth knowing, and nothing that stopped it."""


class Kind(StrEnum):
    """What became of the event, in a word for programs."""

    ARRIVED = "arrived"
    WAITING = "waiting"
    PAUSED = "paused"
    RETRYING = "retrying"
    DEAD = "dead"
    DISCARDED = "discarded"
    SENT_AGAIN = "sent_again"
    NOT_PUBLISHED = "not_published"
    NOT_SUBSCRIBED = "not_subscribed"
    RETIRED = "retired"
    NO_QUEUE = "no_queue"
    NOT_BOUND = "not_bound"
    QUARANTINED = "quarantined"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer in one sentence."""

    kind: Kind
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a person can do; `route` and `args` name a page of the console."""

    label: str
    route: str
    args: tuple[str | int, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    post: bool = False
    """It acts at once, so only who may change the subscription may press it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact with its source; one with a `verdict` is the last on the event's way."""

    about: str
    mark: Mark
    sentence: str
    source: str
    at: datetime | None = None
    advice: str = ""
    """What to do, as a sentence."""
    step: Step | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """All facts in the order of the event's way, and what follows from them."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    opened: Finding | None
    """Where it stopped, if it did."""
