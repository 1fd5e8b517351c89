"""Writing what the tap saw."""

from collections.abc import Sequence

import structlog
from django.db import Error, InterfaceError, OperationalError, transaction

from eventbus_admin.journal.models import JournalEntry

BATCH = 500
REFUSALS = (Error, TypeError, ValueError, RecursionError)
"""What an entry that the database cannot take raises."""

log = structlog.get_logger(__name__)


def record(entries: Sequence[JournalEntry]) -> int:
    """Write entries, each event once; returns how many the database would not take.

    One transaction for every 500. Raises Django's `OperationalError` or `InterfaceError` when the
    database is away: then the same entries may be recorded again later, none becomes two.
    """
    return sum(_write(entries[start : start + BATCH]) for start in range(0, len(entries), BATCH))


def _write(entries: Sequence[JournalEntry]) -> int:
    try:
        _insert(entries)
    except (OperationalError, InterfaceError):
        raise
    except REFUSALS:
        return _write_one_by_one(entries)
    return 0


def _write_one_by_one(entries: Sequence[JournalEntry]) -> int:
    """Save what can be saved of a batch in which something is unacceptable."""
    refused = 0
    for entry in entries:
        try:
            _insert([entry])
        except (OperationalError, InterfaceError):
            raise
        except REFUSALS as error:
            refused += 1
            log.warning("journal.entry_refused", event_id=entry.event_id, error=str(error))
    return refused


def _insert(entries: Sequence[JournalEntry]) -> None:
    with transaction.atomic():
        JournalEntry.objects.bulk_create(entries, ignore_conflicts=True)
