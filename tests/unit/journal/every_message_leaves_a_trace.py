"""Whatever flows is recorded as far as it can be."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bus_core.message import Message
from eventbus_admin.journal.entries import MAX_PAYLOAD_BYTES, Seen, entry_of
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.record import record
from eventbus_admin.journal.rows import row
from eventbus_admin.journal.sight import EVERYTHING_SHOWN

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
See = Callable[..., Seen]


def test_an_event_is_recorded_with_its_story(db: None, see: See) -> None:
    seen = see(
        "e2",
        payload={"journal": "elife"},
        correlation_id="story",
        causation_id="e1",
        created=datetime(2026, 11, 23, 11, 59, 58, 7000, tzinfo=UTC),
    )

    assert record([entry_of(seen)]) == 0

    entry = JournalEntry.objects.get()
    assert (entry.event_id, entry.type, entry.source) == ("e2", "exportRequested", "submission")
    assert (entry.correlation_id, entry.causation_id) == ("story", "e1")
    assert (entry.created, entry.seen) == (datetime(2026, 11, 23, 11, 59, 58, 7000, UTC), NOON)
    assert entry.payload == {"journal": "elife"}
    assert entry.headers["ce-source"] == "submission"


def test_an_event_that_comes_twice_is_recorded_once(db: None, see: See) -> None:
    record([entry_of(see("e1")), entry_of(see("e1"))])
    record([entry_of(see("e1")), entry_of(see("e2"))])

    assert set(JournalEntry.objects.values_list("event_id", flat=True)) == {"e1", "e2"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"[1, 2]", "no object 'event'"),
        (b'{"event": {"id": 7, "eventType": "exportRequested"}}', "'id'"),
        (b'{"event": {"id": "e", "eventType": "a__b"}}', "eventType"),
        (
            b'{"event": {"id": "e", "eventType": "a", "created": "0001-01-01T00:00:00+14:00"}}',
            "out of range",
        ),
    ],
)
def test_a_message_that_is_no_event_is_recorded_with_the_reason(
    db: None, body: bytes, reason: str
) -> None:
    message = Message(body=body, message_id="m1", app_id="legacy")

    assert record([entry_of(Seen(message, "event__exportRequested", NOON))]) == 0

    entry = JournalEntry.objects.get()
    assert (entry.event_id, entry.type, entry.source) == ("m1", "exportRequested", "legacy")
    assert row(entry, sight=EVERYTHING_SHOWN)["summary"].startswith("This is not an event")
    assert reason in row(entry, sight=EVERYTHING_SHOWN)["summary"]


def test_a_nameless_message_that_is_no_event_still_gets_an_id(db: None) -> None:
    entry = entry_of(Seen(Message(body=b"hello"), "event__exportRequested", NOON))

    assert entry.event_id.startswith("unreadable_")
    assert entry.payload == "hello"


def test_a_time_out_of_range_holds_up_nobody(db: None) -> None:
    for timestamp in (2**60, -(2**60)):
        body = b'{"event": {"id": "e%d", "eventType": "exportRequested"}}' % timestamp
        message = Message(body=body, message_id=f"m{timestamp}", timestamp=timestamp)
        assert record([entry_of(Seen(message, "event__exportRequested", NOON))]) == 0
    assert JournalEntry.objects.count() == 2


def test_a_huge_payload_is_not_kept_and_that_is_said(db: None, see: See) -> None:
    seen = see("e1", payload="x" * MAX_PAYLOAD_BYTES)

    record([entry_of(seen)])

    entry = JournalEntry.objects.get()
    assert entry.payload is None
    assert row(entry, sight=EVERYTHING_SHOWN)["summary"].startswith("The payload is not kept")


def test_what_a_database_cannot_take_is_replaced(db: None, see: See) -> None:
    nested: object = "bottom"
    for _ in range(200):
        nested = [nested]

    record([entry_of(see("e\x001", payload={"a\x00": "b\x00", "deep": nested}))])
    record([entry_of(see("e2", source="s" * 300))])

    first, second = JournalEntry.objects.order_by("id")
    assert first.event_id == "e\N{REPLACEMENT CHARACTER}1"
    assert "\\u0000" not in str(first.payload)
    assert len(second.source) == 120


def test_long_ids_stay_apart(db: None, see: See) -> None:
    # The library refuses such ids; other clients do not.
    def entry(event_id: str) -> JournalEntry:
        body = b'{"event": {"id": "%s", "eventType": "exportRequested"}}' % event_id.encode()
        return entry_of(Seen(Message(body=body), "event__exportRequested", NOON))

    record([entry("x" * 400 + "1"), entry("x" * 400 + "2")])

    assert JournalEntry.objects.count() == 2
    assert all(len(one.event_id) <= 255 for one in JournalEntry.objects.all())


def test_one_entry_that_is_refused_takes_no_other_with_it(db: None, see: See) -> None:
    bad = entry_of(see("bad"))
    bad.payload = object()

    assert record([entry_of(see("e1")), bad, entry_of(see("e2"))]) == 1
    assert set(JournalEntry.objects.values_list("event_id", flat=True)) == {"e1", "e2"}
