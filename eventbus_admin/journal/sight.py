"""`Sight`: of which events a viewer is shown what they hold; pure.

What an event holds is its payload, its headers, and the errors of those who handled it, because
errors like to quote what they failed at. Ids, types, services and times are everybody's.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from eventbus_admin.journal.models import JournalEntry, Outcome

HIDDEN = "Hidden."
"""In place of what is not shown."""
_NAME_OF_ERROR = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception|Timeout|Warning)\b")


@dataclass(frozen=True)
class Sight:
    """What one viewer is shown; made by `eventbus_admin.payloads`, which knows their rights."""

    hides: bool = False
    """Whether everything is hidden but `types`; otherwise only `types` are."""
    types: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    """Ids of single events that are shown whatever their type, as the journal keeps them."""

    def shows(self, event_type: str, event_id: str = "") -> bool:
        """Whether the viewer is shown what this event holds."""
        if (event_type in self.types) is self.hides:
            return True
        return bool(event_id) and event_id in self.events

    @property
    def limits(self) -> bool:
        """Whether anything at all is hidden."""
        return self.hides or bool(self.types)

    def condition(self, type_field: str = "type", id_field: str = "event_id") -> Q:
        """Return the condition that a row's event is shown."""
        if not self.limits:
            return Q()
        named = Q(**{f"{type_field}__in": sorted(self.types)})
        shown = named if self.hides else ~named
        return shown | Q(**{f"{id_field}__in": sorted(self.events)}) if self.events else shown

    def entry(self, entry: JournalEntry) -> JournalEntry:
        """Return the entry as it may be shown: without what it holds where that is hidden."""
        if self.shows(entry.type, entry.event_id):
            return entry
        shown: JournalEntry = _copy(entry, payload=None, headers={})
        return shown

    def outcome(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it may be shown: of a hidden error only its name is left."""
        if self.shows(outcome.event_type, outcome.event_id):
            return outcome
        shown: Outcome = _copy(outcome, error=error_name(outcome.error))
        return shown


EVERYTHING_SHOWN = Sight()
"""For what is shown to nobody yet; each viewer's own sight comes after it."""
NOTHING_SHOWN = Sight(hides=True)


def error_name(error: str) -> str:
    """Return the kind of an error, which quotes nothing: `TimeoutError`; else that it is hidden."""
    last = error.strip().rpartition("\n")[2]
    if not last:
        return ""
    name = _NAME_OF_ERROR.match(last)
    return f"{name.group()} ({HIDDEN.lower().rstrip('.')})" if name else HIDDEN


def _copy(row: Any, **changes: Any) -> Any:
    # What came from the database must stay as it is: somebody may save it.
    values = {field.attname: row.__dict__.get(field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})
