"""Dead letters as lines of text and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bus_core import dead_letters
from bus_core.cli.terminal import Style, clean, one_line
from bus_core.dead_letters import Cause, DeadLetter
from bus_core.envelope import rfc3339

NOBODY_KNOWS = "(unknown type)"


def causes(letters: Sequence[DeadLetter], style: Style) -> Iterator[str]:
    """Return what went wrong, two lines a cause."""
    for cause in dead_letters.causes(letters):
        event_type = style("bold", clean(cause.event_type or NOBODY_KNOWS))
        yield f"{cause.count:>7,} × {event_type}  {clean(cause.reason)}: {clean(cause.error)}"
        if cause.first and cause.last:
            span = f"first {rfc3339(cause.first)}, last {rfc3339(cause.last)}"
            yield style("dim", f"{'':10}{span}")


def causes_as_json(letters: Sequence[DeadLetter]) -> Iterator[str]:
    """Return one object a cause."""
    for cause in dead_letters.causes(letters):
        yield one_line(_cause(cause))


def letters(found: Sequence[DeadLetter], style: Style) -> Iterator[str]:
    """Return each one with all that is known of it."""
    for letter in found:
        event_type = letter.event_type or NOBODY_KNOWS
        yield f"{style('bold', clean(letter.id or '(no id)'))}  {clean(event_type)}"
        when = _when(letter.at) or "at an unknown time"
        by = f" by {letter.worker}" if letter.worker else ""
        yield clean(f"  {letter.reason} after {letter.attempts} attempts, {when}{by}")
        yield clean(f"  from {letter.queue or 'nobody knows where'}")
        for line in letter.error.splitlines():
            yield style("red", clean(f"    {line}"))
        yield f"  {_content(letter)}"


def letters_as_json(found: Sequence[DeadLetter]) -> Iterator[str]:
    """Return one object a dead letter."""
    for letter in found:
        yield one_line(_letter(letter))


def targets(chosen: Sequence[DeadLetter], there: frozenset[str]) -> Iterator[str]:
    """Say where each one would go, and which ones cannot go anywhere."""
    for queue, number in sorted(Counter(one.queue or "" for one in chosen).items()):
        if queue in there:
            yield f"{number:>7,} go back to {queue}"
        elif queue:
            yield f"{number:>7,} stay here: there is no queue {queue} any more"
        else:
            yield f"{number:>7,} stay here: nobody can tell which queue they belong to"


def _content(letter: DeadLetter) -> str:
    if letter.event is None:
        return f"body {clean(repr(letter.message.body[:2_000]))}"
    return f"payload {clean(json.dumps(letter.event.payload, ensure_ascii=False))}"


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "type": cause.event_type,
        "reason": cause.reason,
        "error": cause.error,
        "count": cause.count,
        "first": _when(cause.first),
        "last": _when(cause.last),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    event = letter.event
    document: dict[str, Any] = {
        "id": letter.id,
        "type": letter.event_type,
        "reason": letter.reason,
        "queue": letter.queue,
        "error": letter.error,
        "attempts": letter.attempts,
        "at": _when(letter.at),
        "worker": letter.worker,
        "source": letter.message.app_id,
        "correlation_id": event.correlation_id if event else letter.message.correlation_id,
    }
    if event is None:
        return {**document, "body": letter.message.body.decode(errors="replace")}
    return {**document, "payload": event.payload}


def _when(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
