"""Rows and age bound the journal; the oldest go first, a few at a time."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bus_core.reports import Receipt
from eventbus_admin.journal import retention
from eventbus_admin.journal.entries import Seen, entry_of
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.journal.outcomes import record_receipts
from eventbus_admin.journal.record import record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
See = Callable[..., Seen]


def ids() -> list[str]:
    return list(JournalEntry.objects.order_by("id").values_list("event_id", flat=True))


def test_the_newest_rows_stay(db: None, see: See, receipt: Callable[..., Receipt]) -> None:
    record([entry_of(see(f"e{number}")) for number in range(10)])
    record_receipts(receipt(event_id=f"e{number}", second=number) for number in range(30))

    assert retention.trim(rows=3, now=NOON) == 7 + 15
    assert ids() == ["e7", "e8", "e9"]
    assert Outcome.objects.count() == 3 * retention.OUTCOMES_PER_EVENT
    assert retention.trim(rows=3, now=NOON) == 0


def test_what_is_too_old_goes_however_few_there_are(
    db: None, see: See, receipt: Callable[..., Receipt]
) -> None:
    record([entry_of(see("old", at=NOON - timedelta(days=8))), entry_of(see("new", at=NOON))])
    record_receipts([receipt(event_id="old")])

    retention.trim(now=NOON, age=timedelta(days=7))
    assert ids() == ["new"]
    retention.trim(now=NOON + timedelta(days=7, minutes=1), age=timedelta(days=7))
    assert not Outcome.objects.exists()


def test_the_settings_are_the_bounds(db: None, see: See, settings: Any) -> None:
    settings.EVENTBUS_JOURNAL_ROWS = 2
    record([entry_of(see(f"e{number}", at=NOON)) for number in range(4)])

    retention.trim(now=NOON)
    assert ids() == ["e2", "e3"]


def test_it_deletes_in_small_batches(db: None, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    record([entry_of(see(f"e{number}")) for number in range(7)])
    stop = threading.Event()
    stop.set()

    assert retention.trim(rows=1, now=NOON, stop=stop) == 0
    assert retention.trim(rows=1, now=NOON) == 6
    assert ids() == ["e6"]


def test_it_is_trimmed_where_the_lease_is_and_nowhere_else(
    transactional_db: None, see: See, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "EVERY_SECONDS", 0.0)
    settings.EVENTBUS_JOURNAL_ROWS = 1
    record([entry_of(see(f"e{number}", at=timezone.now())) for number in range(3)])
    stop = threading.Event()
    found: list[list[str]] = []
    answers = [False, True, False]

    def leads() -> bool:
        found.append(ids())
        if len(found) == len(answers):
            stop.set()
        return answers[len(found) - 1]

    retention.run(stop, leads)
    assert found == [["e0", "e1", "e2"], ["e0", "e1", "e2"], ["e2"]]
