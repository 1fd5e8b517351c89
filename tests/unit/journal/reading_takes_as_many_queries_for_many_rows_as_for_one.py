"""Rows, filters and one event with what became of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bus_core.reports import Receipt
from eventbus_admin.journal import reads
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.outcomes import record_receipts
from eventbus_admin.journal.rows import SUMMARY_CHARS, EventFilter, row, searched_text
from eventbus_admin.journal.sight import EVERYTHING_SHOWN

Journal = Callable[..., None]
MakeReceipt = Callable[..., Receipt]


@pytest.fixture
def story(journal: Journal, receipt: MakeReceipt) -> None:
    """Three events and what became of them."""
    journal("e1", payload={"journal": "eLife", "title": 'Größe "x"'})
    journal("e2", type="beginMecaExport", source="export-manager", payload={"journal": "PLOS"})
    journal("e3", type="exportSuccessful", source="meca-exporter")
    record_receipts(
        [
            receipt(event_id="e1", event_type="exportRequested", service="export-manager"),
            receipt("retried", event_id="e2", error="no route"),
        ]
    )


def shown(**wanted: str) -> list[str]:
    return [
        one["id"] for one in reads.last_rows(EventFilter.bounded(**wanted), sight=EVERYTHING_SHOWN)
    ]


def test_the_last_rows_come_newest_last(story: None) -> None:
    assert shown() == ["e1", "e2", "e3"]
    assert [one["id"] for one in reads.last_rows(sight=EVERYTHING_SHOWN, limit=2)] == ["e2", "e3"]
    oldest = JournalEntry.objects.get(event_id="e2").id
    assert [one["id"] for one in reads.last_rows(sight=EVERYTHING_SHOWN, before=oldest)] == ["e1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "beginMecaExport"}, ["e2"]),
        ({"service": "submission"}, ["e1"]),
        ({"service": "export-manager"}, ["e1", "e2"]),
        ({"service": "meca-exporter"}, ["e2", "e3"]),
        ({"text": "elife"}, ["e1"]),
        ({"text": "E2"}, ["e2"]),
        ({"text": "successful"}, ["e3"]),
        ({"text": "Größe"}, ["e1"]),
        ({"text": '"x"'}, ["e1"]),
        ({"text": "100%"}, []),
        ({"text": "journal", "service": "export-manager", "type": "exportRequested"}, ["e1"]),
    ],
)
def test_filters_let_the_same_through_in_the_database_and_live(
    story: None, wanted: dict[str, str], expected: list[str]
) -> None:
    assert shown(**wanted) == expected
    live = EventFilter.bounded(**wanted)
    entries = {entry.event_id: entry for entry in JournalEntry.objects.all()}
    passing = [
        one["id"]
        for one in reads.last_rows(sight=EVERYTHING_SHOWN)
        if live.lets_through(one, searched_text(entries[one["id"]]))
    ]
    assert passing == expected


def test_a_row_says_what_became_of_the_event(story: None) -> None:
    one = reads.last_rows(EventFilter(type="beginMecaExport"), sight=EVERYTHING_SHOWN)[0]

    assert one["outcomes"] == [
        {
            "service": "meca-exporter",
            "outcome": "retried",
            "attempts": 1,
            "error": "no route",
            "at": "2026-11-23T12:00:00.000Z",
        }
    ]
    assert one["seen"] == "2026-11-23T12:00:00.000Z"
    assert one["source"] == "export-manager"
    assert one["summary"] == '{"journal": "PLOS"}'
    assert set(one) == {
        *("id", "type", "source", "created", "seen", "correlation_id", "causation_id"),
        *("summary", "hidden", "outcomes"),
    }


def test_a_summary_is_one_short_line() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    entry = JournalEntry(event_id="e", created=now, seen=now, payload={"text": "a\nb " * 100})

    line = row(entry, sight=EVERYTHING_SHOWN)["summary"]
    assert len(line) == SUMMARY_CHARS
    assert "\n" not in line
    assert line.endswith("…")


def test_one_event_comes_with_everything(story: None) -> None:
    found = reads.one_event("e1", sight=EVERYTHING_SHOWN)

    assert found is not None
    assert found["payload"]["journal"] == "eLife"
    assert found["headers"]["ce-id"] == "e1"
    assert [one["service"] for one in found["outcomes"]] == ["export-manager"]
    assert reads.one_event("nobody", sight=EVERYTHING_SHOWN) is None


def test_a_hundred_rows_take_two_queries(journal: Journal, django_assert_num_queries: Any) -> None:
    for number in range(100):
        journal(f"e{number}")
    with django_assert_num_queries(2):
        assert (
            len(
                reads.last_rows(EventFilter(service="submission", text="e"), sight=EVERYTHING_SHOWN)
            )
            == 100
        )
    with django_assert_num_queries(2):
        reads.one_event("e5", sight=EVERYTHING_SHOWN)
