"""A plan as a text that people read: what differs, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from eventbus_admin.registry.as_code.fields import FIELDS
from eventbus_admin.registry.as_code.plan import Change, Plan
from eventbus_admin.registry.as_code.writing import dumped

AROUND = 3
"""So many lines of what stays are shown around what changes."""
MOST = 200
"""And no more of any one value."""
_MORE = "…"


@dataclass(frozen=True)
class Line:
    """One line of a difference."""

    sign: str
    """`+` will be there, `-` is there now, a space stays."""
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}".rstrip()


def lines_of(change: Change) -> list[Line]:
    """Return how a thing's values change."""
    return [line for name in change.after for line in _value(change, name)]


def text_of(plan: Plan) -> str:
    """Return the whole plan."""
    said = [text for change in plan.changes for text in _said(change)]
    return "\n".join([*said, *plan.notes, plan.summary])


def _said(change: Change) -> Iterator[str]:
    yield f"{change.verb:<6} {change.label}"
    yield from (f"    {line}" for line in lines_of(change))


def _value(change: Change, name: str) -> Iterator[Line]:
    after = change.after[name]
    if change.before is None:
        field = FIELDS[change.kind][name]
        if field.always or after != field.default:
            yield from _signed("+", _written(name, after))
        return
    yield from _difference(_written(name, change.before[name]), _written(name, after))


def _difference(old: list[str], new: list[str]) -> Iterator[Line]:
    """Yield what differs, with a little of what is around it."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    if head > AROUND:
        yield from _signed(" ", [old[0], _MORE])
    yield from _signed(" ", old[max(head - AROUND, 0) : head])
    yield from _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    yield from _signed(" ", old[len(old) - tail :][:AROUND])


def _middle(old: list[str], new: list[str]) -> Iterator[Line]:
    if max(len(old), len(new)) > MOST:
        # Matching takes the square of their number.
        yield from _signed("-", old)
        yield from _signed("+", new)
        return
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from _signed(" ", old[i:j])
        else:
            yield from _signed("-", old[i:j])
            yield from _signed("+", new[k:m])


def _signed(sign: str, texts: list[str]) -> Iterator[Line]:
    yield from (Line(sign, text) for text in texts[:MOST])
    if len(texts) > MOST:
        yield Line(sign, f"{_MORE} {len(texts) - MOST:,} more lines")


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many lines at the beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _written(name: str, value: Any) -> list[str]:
    return dumped({name: value}).splitlines()
