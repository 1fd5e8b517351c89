"""YAML as a tree that knows its lines.

Only YAML's plain part is taken: no anchors and aliases (a short text could stand for an endless
one), no tags, one document. Keys are always text, and a value is text unless it is written as JSON
writes null, booleans and numbers: `no` is a name here, and not a boolean.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from eventbus_admin.registry.as_code.document import (
    MAX_BYTES,
    NOWHERE,
    DocumentRefused,
    Place,
    Problem,
)

MAX_DEPTH = 64

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BROKEN = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")


@dataclass(frozen=True)
class Node:
    """A value: text, number, boolean, nothing, nodes by key, or nodes in a row."""

    value: Any
    place: Place

    @property
    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, Mapping):
            return {key: one.plain for key, one in self.value.items()}
        return [one.plain for one in self.value] if isinstance(self.value, tuple) else self.value


def parse(text: str) -> Node:
    """Return the tree of a YAML text; raises `DocumentRefused`."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _refused(f"The document is longer than {MAX_BYTES:,} bytes.")
    try:
        builder = _Builder(yaml.parse(text, Loader=_LOADER))
        node = builder.document()
    except yaml.YAMLError as error:
        raise _unreadable(error) from error
    except UnicodeError as error:
        raise _refused("This is no text that can be stored.") from error
    if builder.problems:
        raise DocumentRefused(builder.problems)
    return node


def from_value(value: Any, key: str = "") -> Node:
    """Return the tree of values that were JSON."""
    if isinstance(value, Mapping):
        inner = {name: from_value(one, _inside(key, name)) for name, one in value.items()}
        return Node(inner, Place(key))
    if isinstance(value, list):
        return Node(tuple(from_value(one, key) for one in value), Place(key))
    return Node(value, Place(key))


class _Builder:
    """Makes a tree of YAML's events, which expand nothing and construct nothing."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self.problems: list[Problem] = []

    def document(self) -> Node:
        first = self._next_content()
        if first is None:
            raise _refused("The document is empty.")
        node = self._node(first, "", 0)
        if (second := self._next_content()) is not None:
            raise _refused("There is a second document; write one.", _line(second))
        return node

    def _next_content(self) -> Any:
        around = (
            yaml.StreamStartEvent,
            yaml.StreamEndEvent,
            yaml.DocumentStartEvent,
            yaml.DocumentEndEvent,
        )
        return next((one for one in self._events if not isinstance(one, around)), None)

    def _node(self, event: Any, key: str, depth: int) -> Node:
        place = Place(key, _line(event))
        if depth > MAX_DEPTH:
            raise _refused(f"It is nested more than {MAX_DEPTH} deep.", place.line)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise _refused("Anchors (&) and aliases (*) cannot be used here.", place.line)
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event, place), place)
        self._refuse_tag(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(tuple(self._items(key, depth)), place)
        return Node(self._pairs(key, depth), place)

    def _items(self, key: str, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, key, depth + 1)

    def _pairs(self, key: str, depth: int) -> dict[str, Node]:
        pairs: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor:
                raise _refused("A key must be a name.", _line(event))
            name = event.value
            place = Place(_inside(key, name), _line(event))
            self._refuse_tag(event, place)
            if name in pairs:
                first = pairs[name].place.line
                self.problems.append(
                    Problem(place, f"It is there twice; the first stands in line {first}.")
                )
            value = self._node(next(self._events), place.key, depth + 1)
            # A value's line may be the next one; people look for the key.
            pairs[name] = Node(value.value, place)
        return pairs

    def _refuse_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            self.problems.append(Problem(place, "Tags (!) cannot be used here."))

    def _scalar(self, event: Any, place: Place) -> Any:
        self._refuse_tag(event, place)
        text = event.value
        if not event.implicit[0]:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        try:
            if _WHOLE.fullmatch(text):
                return int(text)
            return float(text) if _BROKEN.fullmatch(text) else text
        except ValueError:
            self.problems.append(Problem(place, "This number has too many digits."))
            return 0


def _inside(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _refused(message: str, line: int | None = None) -> DocumentRefused:
    return DocumentRefused([Problem(Place("", line) if line else NOWHERE, message)])


def _unreadable(error: yaml.YAMLError) -> DocumentRefused:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it breaks off"
    return _refused(f"This is not YAML: {what}.", mark.line + 1 if mark else None)
