"""`Plan`: what an import would do, change by change."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from eventbus_admin.registry.as_code.document import NOWHERE, Kind, Place, ends_of

_ID_CHARS = 16


class Verb(StrEnum):
    """What is done to a thing; nothing is ever deleted."""

    CREATE = "create"
    CHANGE = "change"
    RETIRE = "retire"


_DONE = {Verb.CREATE: "created", Verb.CHANGE: "changed", Verb.RETIRE: "retired"}


@dataclass(frozen=True)
class Change:
    """One thing that an import makes, changes or retires."""

    verb: Verb
    kind: Kind
    name: str
    """As the audit trail calls it: `exportRequested/export-manager` for what joins two."""
    before: Mapping[str, Any] | None
    """The values that change, as they are; nothing of a new thing."""
    after: Mapping[str, Any]
    """The same as they will be; of a new thing, all of them."""
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def label(self) -> str:
        """Kind and name, in words."""
        kind = self.kind.replace("_", " ")
        if self.kind is Kind.PUBLICATION:
            return f"{kind} {' → '.join(reversed(ends_of(self.name)))}"
        if self.kind is Kind.SUBSCRIPTION:
            return f"{kind} {' → '.join(ends_of(self.name))}"
        return f"{kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that an import of one document would do to the registry of one revision."""

    revision: int
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    """What stays although somebody might expect otherwise, as sentences."""
    prunes: bool = False

    @property
    def id(self) -> str:
        """An id that changes with the registry, and with what the import would do."""
        rows = [(one.verb, one.kind, one.name, one.before, one.after) for one in self.changes]
        text = json.dumps([self.revision, rows], sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARS]

    @property
    def counts(self) -> dict[str, int]:
        """How many changes there are of each verb."""
        found = Counter(one.verb for one in self.changes)
        return {verb.value: found[verb] for verb in Verb}

    @property
    def summary(self) -> str:
        """The counts as a sentence."""
        said = [f"{number} to {verb}" for verb, number in self.counts.items() if number]
        if not said:
            return "Nothing to do: the registry is as the document says."
        return f"{', '.join(said)}."

    @property
    def outcome(self) -> str:
        """The counts as a sentence, once it is done."""
        said = [f"{number} {_DONE[Verb(verb)]}" for verb, number in self.counts.items() if number]
        return f"{', '.join(said) or 'nothing to do'}."
