"""How long ago something was, in words."""

from datetime import datetime

from django.utils import timezone


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return the age of a moment as one short phrase; js/times.js keeps it true in open pages."""
    seconds = int(((now or timezone.now()) - moment).total_seconds())
    if seconds < 5:
        return "just now"
    if seconds < 90:
        return f"{seconds} s ago"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min ago"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h ago"
    if seconds < 14 * 86400:
        return f"{round(seconds / 86400)} days ago"
    return f"{moment.day} {moment:%b %Y}"


def duration(milliseconds: int) -> str:
    """Return a delay in the largest unit that fits it evenly: `1 s`, `10 min`, `1.5 s`."""
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1_000 else f"{milliseconds} ms"
