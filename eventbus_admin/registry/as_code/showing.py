"""A plan as a text that people read: what differs, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from eventbus_admin.registry.as_code.fields import FIELDS
from eventbus_admin.registry.as_code.plan import Change, Plan
from eventbus_admin.registry.as_code.writing import dumped


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
            yield from (Line("+", text) for text in _written(name, after))
        return
    old, new = _written(name, change.before[name]), _written(name, after)
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (Line(" ", text) for text in old[i:j])
        else:
            yield from (Line("-", text) for text in old[i:j])
            yield from (Line("+", text) for text in new[k:m])


def _written(name: str, value: Any) -> list[str]:
    return dumped({name: value}).splitlines()
