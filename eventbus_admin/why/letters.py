"""Reading the part of the evidence that dead letters are."""

from datetime import timedelta

from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.deadletters.showing import is_shown
from eventbus_admin.journal.sight import Sight, error_name
from eventbus_admin.why.evidence import Letter

LETTERS = 20
DISCARDED_WITHIN = timedelta(seconds=10)
"""A discard and its audit entry are no further apart."""


def letters_of(key: str, service: str) -> list[DeadLetter]:
    """Return the latest dead letters of an event at a service, oldest first; one query."""
    found = DeadLetter.objects.filter(event_id=key, service__name=service)
    return list(reversed(found.defer("body", "properties").order_by("-pk")[:LETTERS]))


def told(letters: list[DeadLetter], sight: Sight) -> tuple[Letter, ...]:
    """Return what they say, with the errors that `sight` shows; a query at the most."""
    who = _discarded_by(letters[-1]) if letters else ""
    return tuple(
        Letter(
            id=one.pk,
            state=one.state,
            died=one.died,
            since=one.since,
            attempts=one.attempts,
            error=one.error if is_shown(one, sight) else error_name(one.error),
            worker=one.worker,
            run=str(one.run_id or ""),
            original=one.original_id,
            edited_by=one.edited_by,
            discard=str(one.discard or ""),
            discarded_by=who if one is letters[-1] else "",
        )
        for one in letters
    )


def _discarded_by(letter: DeadLetter) -> str:
    if letter.discard is None:
        return ""
    around = (letter.since - DISCARDED_WITHIN, letter.since + DISCARDED_WITHIN)
    found = AuditEntry.objects.filter(
        at__range=around, object_kind="dead_letters", after__discard=str(letter.discard)
    )
    return found.values_list("actor_name", flat=True).first() or ""
