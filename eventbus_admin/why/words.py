"""Times and numbers in sentences."""

from datetime import UTC, datetime


def clock(moment: datetime, now: datetime) -> str:
    """Return a time of day, with its date when that is not today's."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    day = "" if moment.date() == now.date() else f"{moment.day} {moment:%b} "
    return f"{day}{moment:%H:%M} UTC"


def times(count: int) -> str:
    """Say how often."""
    return {1: "once", 2: "twice", 3: "three times"}.get(count, f"{count:,} times")


def events(count: int) -> str:
    """Say how many events wait."""
    return f"{count:,} event{' waits' if count == 1 else 's wait'}"


def last_line(error: str) -> str:
    """Return the error itself, without the way to it, on one line."""
    line = " ".join(error.strip().rpartition("\n")[2].split())
    return line if len(line) <= 200 else f"{line[:199]}…"
