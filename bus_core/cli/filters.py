"""What `tail` lets through: who published an event, what it says, what its fields hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bus_core.cli.options import UsageError


@dataclass(frozen=True, kw_only=True)
class Where:
    """One field and what it must hold: `payload.journal=elife`."""

    path: tuple[str, ...]
    wanted: str

    def holds(self, document: Any) -> bool:
        """Whether the document has such a field."""
        value = document
        for step in self.path:
            if isinstance(value, Mapping) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return False
        return _same(value, self.wanted)


def where(text: str) -> Where:
    """Read a condition; raises `UsageError`."""
    path, equals, wanted = text.partition("=")
    if not equals or not path:
        raise UsageError(f"{text!r} is no condition: write payload.journal=elife")
    return Where(path=tuple(path.split(".")), wanted=wanted)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Lets through what meets every condition."""

    source: str = ""
    """The service that published it."""
    text: str = ""
    """Part of the event as JSON, in any case."""
    wheres: Sequence[Where] = ()

    def passes(self, document: Mapping[str, Any]) -> bool:
        """Whether this event is to be shown."""
        return (
            (not self.source or document.get("source") == self.source)
            and all(one.holds(document) for one in self.wheres)
            and (not self.text or self._says(document))
        )

    def _says(self, document: Mapping[str, Any]) -> bool:
        return self.text.casefold() in json.dumps(document, ensure_ascii=False).casefold()


def _same(value: Any, wanted: str) -> bool:
    """Compare what JSON holds with what was typed: `3` is the number and the text."""
    if isinstance(value, str):
        return value == wanted
    try:
        typed = json.loads(wanted)
    except ValueError:
        return False
    return type(value) is type(typed) and bool(value == typed)
