"""Choosing dead letters, and seeing many of them as the few causes that they have."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bus_core.dead_letters.letter import DeadLetter


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which dead letters are meant; what is left empty lets all through."""

    ids: frozenset[str] = frozenset()
    event_type: str = ""
    reason: str = ""
    error: str = ""
    """Part of the error's text."""
    since: datetime | None = None
    """What gave up at an unknown time is not meant then."""

    def __bool__(self) -> bool:
        return self != Selection()

    def __contains__(self, letter: DeadLetter) -> bool:
        return (
            (not self.ids or letter.id in self.ids)
            and (not self.event_type or letter.event_type == self.event_type)
            and (not self.reason or letter.reason == self.reason)
            and self.error in letter.error
            and (self.since is None or (letter.at is not None and letter.at >= self.since))
        )


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Dead letters of one event type that say the same."""

    event_type: str
    reason: str
    error: str
    """The error's last line."""
    count: int
    first: datetime | None
    last: datetime | None


def causes(letters: Iterable[DeadLetter]) -> list[Cause]:
    """Return what has gone wrong, the most frequent first."""
    groups: dict[tuple[str, str, str], list[DeadLetter]] = {}
    for letter in letters:
        groups.setdefault((letter.event_type, letter.reason, letter.cause), []).append(letter)
    found = []
    for (event_type, reason, error), members in groups.items():
        times = [one.at for one in members if one.at is not None]
        found.append(
            Cause(
                event_type=event_type,
                reason=reason,
                error=error,
                count=len(members),
                first=min(times, default=None),
                last=max(times, default=None),
            )
        )
    return sorted(found, key=lambda cause: -cause.count)
