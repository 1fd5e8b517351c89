"""What the pump tells the sockets, over the channel layer; pure.

Rows travel as JSON: a channel layer copies every message for every socket, and bytes cost it
nothing.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import orjson

from eventbus_admin.journal.models import Outcome
from eventbus_admin.journal.rows import EventFilter, OutcomeRow, Row, masked, outcome_row, seen_by
from eventbus_admin.journal.sight import Sight

GROUP = "feed"
EVENTS = "feed.events"
OUTCOMES = "feed.outcomes"
METER = "feed.meter"


class SearchableRow(TypedDict):
    """A row with the text that a socket's filter searches."""

    row: Row
    text: str


class EventOutcome(OutcomeRow):
    """What became of one event at one service."""

    event_id: str
    event_type: str


class Progress(TypedDict):
    """Where the pump is, in every message: by this a socket knows what it missed."""

    pump: str
    """Which pump: another one begins to count anew."""
    total: int
    """Events told so far, those of this message included."""
    dropped: int
    """Events that the pump itself lost so far."""
    rate: float


def events(rows: Sequence[SearchableRow], progress: Progress) -> dict[str, Any]:
    """Return the message that tells of events."""
    return {"type": EVENTS, "count": len(rows), "rows": orjson.dumps(rows), **progress}


def outcomes(changed: Sequence[Outcome], progress: Progress) -> dict[str, Any]:
    """Return the message that tells what became of events."""
    return {"type": OUTCOMES, "rows": orjson.dumps([_told(one) for one in changed]), **progress}


def meter(progress: Progress) -> dict[str, Any]:
    """Return the message that only says how things stand."""
    return {"type": METER, **progress}


def rows(message: dict[str, Any]) -> list[Any]:
    """Return the rows of a message: `SearchableRow` or `EventOutcome`."""
    found: list[Any] = orjson.loads(message["rows"])
    return found


def passing(told: SearchableRow, wanted: EventFilter, sight: Sight) -> Row | None:
    """Return the row as one socket shows it, or nothing when its filter keeps it out.

    Here what is hidden ends: the row that is returned does not hold it, and no text finds it.
    """
    shown = seen_by(sight, told["row"])
    text = "" if shown["hidden"] else told["text"]
    return shown if wanted.lets_through(shown, text) else None


def outcome_for(told: EventOutcome, sight: Sight) -> EventOutcome:
    """Return what became of an event as one socket shows it."""
    return told if sight.shows(told["event_type"], told["event_id"]) else masked(told)


def text(frame: dict[str, Any]) -> str:
    """Return a frame as a socket sends it."""
    return orjson.dumps(frame).decode()


def _told(outcome: Outcome) -> EventOutcome:
    about = {"event_id": outcome.event_id, "event_type": outcome.event_type}
    return {**about, **outcome_row(outcome)}  # type: ignore[typeddict-item]
