"""`Document`: what a registry says, as plain values; of the stored one or of one that was sent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

VERSION = 1
"""Of the document's format."""
MAX_BYTES = 1024 * 1024
"""So long may a document be."""
_SHOWN = 50


class Kind(StrEnum):
    """What a document speaks of, as the audit trail calls it; in the order of what needs what."""

    TEAM = "team"
    EVENT_TYPE = "event_type"
    SERVICE = "service"
    PUBLICATION = "publication"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class Place:
    """Where something stands in a document."""

    key: str = ""
    """The way to it: `services.meca-exporter.owner`."""
    line: int | None = None
    """Counted from 1; nothing when the document was no text."""

    def __str__(self) -> str:
        return ", ".join(filter(None, (f"Line {self.line}" if self.line else "", self.key)))


NOWHERE = Place()


@dataclass(frozen=True)
class Entry:
    """One thing: the values that are given of it, and where."""

    values: Mapping[str, Any]
    place: Place = field(default=NOWHERE, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, name: str) -> Place:
        """Return where a value stands, or else the thing itself."""
        return self.places.get(name, self.place)


@dataclass(frozen=True)
class Document:
    """Things by kind and name; what joins an event type and a service is named `type/service`."""

    entries: Mapping[Kind, Mapping[str, Entry]]

    def get(self, kind: Kind, name: str) -> Entry | None:
        """Return one thing."""
        return self.entries[kind].get(name)

    def of(self, kind: Kind) -> Iterator[tuple[str, Entry]]:
        """Yield the things of a kind by name, in the order of their names."""
        yield from sorted(self.entries[kind].items())


@dataclass(frozen=True)
class Problem:
    """Something about a document that is wrong."""

    place: Place
    message: str

    def __str__(self) -> str:
        where = str(self.place)
        return f"{where}: {self.message}" if where else self.message


class DocumentRefused(Exception):
    """The document cannot be used; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        every = sorted(problems, key=lambda one: one.place.line or 0)
        self.problems = tuple(every[:_SHOWN])
        if (more := len(every) - _SHOWN) > 0:
            self.problems += (Problem(NOWHERE, f"And {more} more."),)
        super().__init__("\n".join(map(str, self.problems)))


def pair(event_type: str, service: str) -> str:
    """Return the name of what joins the two."""
    return f"{event_type}/{service}"


def ends_of(name: str) -> tuple[str, str]:
    """Return the event type and the service that a pair's name names."""
    event_type, _, service = name.partition("/")
    return event_type, service
