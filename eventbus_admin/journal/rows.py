"""A journal entry as pages, the feed and the API show it; pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, TypedDict, TypeVar

from bus_core.envelope import rfc3339
from eventbus_admin.journal.entries import NOTE
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.journal.sight import HIDDEN, Sight, error_name

SUMMARY_CHARS = 160
MAX_FILTER_CHARS = 255
SEARCHED_CHARS = 8 * 1024
"""How much of a payload's text a live filter looks at."""


class OutcomeRow(TypedDict):
    """What one service last did with the event."""

    service: str
    outcome: str
    attempts: int
    error: str
    at: str


R = TypeVar("R", bound=OutcomeRow)


class Row(TypedDict):
    """One event and what became of it; times are RFC 3339 in UTC."""

    id: str
    type: str
    source: str
    created: str
    seen: str
    correlation_id: str
    causation_id: str
    summary: str
    hidden: bool
    """Whether payload, headers and errors are kept from the viewer."""
    outcomes: list[OutcomeRow]


class Detail(Row):
    """One event with everything that is known of it."""

    payload: Any
    headers: dict[str, Any]


def row(entry: JournalEntry, outcomes: Iterable[Outcome] = (), *, sight: Sight) -> Row:
    """Return the row of an entry, as far as it may be shown; `outcomes` are those of its event."""
    told: Row = {
        "id": entry.event_id,
        "type": entry.type,
        "source": entry.source,
        "created": rfc3339(entry.created),
        "seen": rfc3339(entry.seen),
        "correlation_id": entry.correlation_id,
        "causation_id": entry.causation_id,
        "summary": summary(entry),
        "hidden": False,
        "outcomes": sorted((outcome_row(one) for one in outcomes), key=_by_service),
    }
    return seen_by(sight, told)


def seen_by(sight: Sight, told: Row) -> Row:
    """Return the row as it may be shown."""
    if sight.shows(told["type"], told["id"]):
        return told
    outcomes = [masked(one) for one in told["outcomes"]]
    return {**told, "summary": HIDDEN, "hidden": True, "outcomes": outcomes}


def masked(one: R) -> R:
    """Return an outcome of which only the error's name is left."""
    shown = one.copy()
    shown["error"] = error_name(one["error"])
    return shown


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return the row of an outcome."""
    return {
        "service": outcome.service,
        "outcome": outcome.outcome,
        "attempts": outcome.attempts,
        "error": outcome.error,
        "at": rfc3339(outcome.at),
    }


def detail(entry: JournalEntry, outcomes: Iterable[Outcome], *, sight: Sight) -> Detail:
    """Return everything about one event that may be shown."""
    shown = sight.entry(entry)
    told = row(entry, outcomes, sight=sight)
    return {**told, "payload": shown.payload, "headers": shown.headers}


def summary(entry: JournalEntry) -> str:
    """Return one line that says what is in the event."""
    note = entry.headers.get(NOTE)
    text = str(note) if note else json.dumps(entry.payload, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_CHARS else f"{line[: SUMMARY_CHARS - 1]}…"


def searched_text(entry: JournalEntry) -> str:
    """Return the text in which a live filter searches, written as the database writes it."""
    return json.dumps(entry.payload, ensure_ascii=False)[:SEARCHED_CHARS]


@dataclass(frozen=True)
class EventFilter:
    """Which events somebody wants to see; an empty field lets everything through."""

    type: str = ""
    service: str = ""
    """Events that it published, or that it did something with."""
    text: str = ""
    """Occurs in the id, the type or the payload, in either case."""

    @classmethod
    def bounded(cls, *, type: str = "", service: str = "", text: str = "") -> Self:  # noqa: A002
        """Return the filter for values that somebody typed."""
        clean = (
            value.replace("\x00", "").strip()[:MAX_FILTER_CHARS] for value in (type, service, text)
        )
        return cls(*clean)

    def __bool__(self) -> bool:
        return bool(self.type or self.service or self.text)

    def lets_through(self, row: Row, searched: str) -> bool:
        """Whether a row passes; `searched` is its payload's text, empty where that is hidden."""
        if self.type and row["type"] != self.type:
            return False
        if self.service and not self._concerns_service(row):
            return False
        if not self.text:
            return True
        as_json = json.dumps(self.text, ensure_ascii=False)[1:-1]
        return (
            _contains(row["id"], self.text)
            or _contains(row["type"], self.text)
            or _contains(searched, self.text)
            or _contains(searched, as_json)
        )

    def _concerns_service(self, row: Row) -> bool:
        return row["source"] == self.service or any(
            one["service"] == self.service for one in row["outcomes"]
        )


EVERYTHING = EventFilter()


def _contains(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()


def _by_service(one: OutcomeRow) -> str:
    return one["service"]
