"""A journal entry as pages, the feed and the API show it; pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, TypedDict

from bus_core.envelope import rfc3339
from eventbus_admin.journal.entries import NOTE
from eventbus_admin.journal.models import JournalEntry, Outcome

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
    outcomes: list[OutcomeRow]


class Detail(Row):
    """One event with everything that is known of it."""

    payload: Any
    headers: dict[str, Any]


def row(entry: JournalEntry, outcomes: Iterable[Outcome] = ()) -> Row:
    """Return the row of an entry; `outcomes` are those of its event."""
    return {
        "id": entry.event_id,
        "type": entry.type,
        "source": entry.source,
        "created": rfc3339(entry.created),
        "seen": rfc3339(entry.seen),
        "correlation_id": entry.correlation_id,
        "causation_id": entry.causation_id,
        "summary": summary(entry),
        "outcomes": sorted((outcome_row(one) for one in outcomes), key=_by_service),
    }


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return the row of an outcome."""
    return {
        "service": outcome.service,
        "outcome": outcome.outcome,
        "attempts": outcome.attempts,
        "error": outcome.error,
        "at": rfc3339(outcome.at),
    }


def detail(entry: JournalEntry, outcomes: Iterable[Outcome]) -> Detail:
    """Return everything about one event."""
    return {**row(entry, outcomes), "payload": entry.payload, "headers": entry.headers}


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
        """Whether a row passes; `searched` is its payload's text."""
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
