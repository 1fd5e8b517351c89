"""Writing what workers report: what became of events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from bus_core.errors import InvalidName
from bus_core.names import check_name
from bus_core.reports import OUTCOMES, Receipt
from eventbus_admin.journal.entries import journal_id, keepable
from eventbus_admin.journal.models import Outcome

BATCH = 500
MAX_ERROR_CHARS = 2_000
MAX_ATTEMPTS = 2**31 - 1
FINAL = frozenset({"handled", "dead"})
"""Nothing follows these, unless a person sends the event again."""
_FIELDS = ("event_type", "outcome", "attempts", "ms", "error", "worker", "at")

_Key = tuple[str, str]


def record_receipts(receipts: Iterable[Receipt]) -> list[Outcome]:
    """Write what services last did with events; returns the outcomes that changed.

    Receipts may arrive late and twice: an outcome never goes back. Those that make no sense are
    left out. One transaction for every 500.
    """
    reported = [outcome for one in receipts if (outcome := outcome_of(one)) is not None]
    changed: list[Outcome] = []
    for start in range(0, len(reported), BATCH):
        changed += _write(reported[start : start + BATCH])
    return changed


def outcome_of(receipt: Receipt) -> Outcome | None:
    """Return the unsaved outcome that a receipt tells of, or `None` when it makes no sense.

    Whoever may write to the reports exchange may write anything.
    """
    try:
        if receipt.outcome not in OUTCOMES:
            return None
        return Outcome(
            event_id=journal_id(receipt.event_id),
            event_type=check_name(receipt.event_type),
            service=check_name(receipt.service),
            outcome=receipt.outcome,
            attempts=min(max(int(receipt.attempts), 0), MAX_ATTEMPTS),
            ms=max(float(receipt.ms), 0.0),
            error=str(keepable(receipt.error))[:MAX_ERROR_CHARS],
            worker=str(keepable(receipt.worker))[:255],
            at=moment(receipt.at),
        )
    except (InvalidName, ValueError, TypeError, AttributeError, OverflowError):
        return None


def supersedes(new: Outcome, old: Outcome) -> bool:
    """Whether `new` tells what is true now, given that `old` was true."""
    if new.outcome in FINAL and old.outcome in FINAL:
        # A dead letter that somebody sent again begins to count anew.
        return new.at >= old.at
    if new.outcome in FINAL:
        return new.attempts >= old.attempts or new.at >= old.at
    if old.outcome in FINAL:
        return new.attempts > old.attempts
    return (new.attempts, new.at) >= (old.attempts, old.at)


def moment(text: str) -> datetime:
    """Return a worker's RFC 3339 time, in UTC; raises `ValueError` or `TypeError`."""
    parsed = datetime.fromisoformat(text)
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _write(reported: Sequence[Outcome]) -> list[Outcome]:
    with transaction.atomic():
        changed = list(_newest(reported, _known(reported)).values())
        Outcome.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=("event_id", "service"),
            update_fields=_FIELDS,
        )
    return changed


def _known(reported: Sequence[Outcome]) -> dict[_Key, Outcome]:
    known = Outcome.objects.filter(event_id__in={one.event_id for one in reported})
    return {(one.event_id, one.service): one for one in known}


def _newest(reported: Sequence[Outcome], known: Mapping[_Key, Outcome]) -> dict[_Key, Outcome]:
    changed: dict[_Key, Outcome] = {}
    for one in reported:
        key = (one.event_id, one.service)
        old = changed.get(key) or known.get(key)
        if old is None or (not _same(one, old) and supersedes(one, old)):
            changed[key] = one
    return changed


def _same(one: Outcome, other: Outcome) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in _FIELDS)
