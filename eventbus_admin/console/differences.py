"""What differs between two documents, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One value: as it should be, as it was found."""

    path: str
    should: Any
    found: Any
    state: str
    """`same`, `changed`, `only_should` or `only_found`."""


def differences(should: Any, found: Any) -> list[Line]:
    """Return every value of both documents with how they compare, what differs first."""
    wanted, seen = dict(_flat(should)), dict(_flat(found))
    lines = [_line(path, wanted, seen) for path in sorted(wanted.keys() | seen.keys())]
    return sorted(lines, key=lambda line: line.state == "same")


def _line(path: str, wanted: dict[str, Any], seen: dict[str, Any]) -> Line:
    if path not in seen:
        return Line(path, wanted[path], None, "only_should")
    if path not in wanted:
        return Line(path, None, seen[path], "only_found")
    state = "same" if wanted[path] == seen[path] else "changed"
    return Line(path, wanted[path], seen[path], state)


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [] if value is None and not path else [(path, value)]
    flat: list[tuple[str, Any]] = []
    for key, item in value.items():
        flat += _flat(item, f"{path}.{key}" if path else str(key))
    return flat
