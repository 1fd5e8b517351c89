"""Events: every field arrives as it was published."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bus_core.event import Event
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually_equal

PAYLOADS: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    -(2**63),
    1.5,
    1e-300,
    "",
    "exportRequested",
    'Žluťoučký kůň 🚌 \u2028 \x00 \t "quoted" \\',
    [],
    [None, [1, [2, {"three": 3}]]],
    {},
    {"journal": "elife", "": "empty key", "ключ": ["значение"], "nested": {"a": {"b": None}}},
]


class EventFieldsConformance(Stage):
    """Tests of what a handler is given."""

    def test_payloads_of_every_json_kind_arrive_as_they_were(self) -> None:
        inbox = self.listen("exportRequested")
        self.publish("exportRequested", *PAYLOADS)
        eventually_equal(lambda: inbox.payloads, PAYLOADS)
        assert [type(payload) for payload in inbox.payloads] == [type(one) for one in PAYLOADS]

    def test_every_field_of_an_event_arrives(self) -> None:
        inbox = self.listen("exportRequested")
        event = Event(
            inbox.event_type,
            {"journal": "elife"},
            id="an id of ours/ü",
            created=datetime(2018, 11, 23, 18, 39, 11, 34_000, tzinfo=UTC),
            correlation_id="the story",
            causation_id="the cause",
        )
        self.publisher.publish(event)
        eventually_equal(lambda: inbox.events, [event])

    def test_what_is_not_given_is_filled_in(self) -> None:
        inbox = self.listen("exportRequested")
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        first, second = self.publish("exportRequested", 1, 2)
        eventually_equal(lambda: inbox.events, [first, second])
        assert first.id.startswith(f"{inbox.event_type}_")
        assert first.id != second.id
        assert first.correlation_id == first.id
        assert first.causation_id is None
        assert before <= first.created <= datetime.now(UTC)
        assert first.created.microsecond % 1000 == 0

    @pytest.mark.parametrize(
        "created",
        [
            datetime(2024, 2, 29, 1, 2, 3, 999_000, timezone(timedelta(hours=5, minutes=30))),
            datetime(1909, 3, 13, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        ],
        ids=str,
    )
    def test_any_date_arrives_in_utc(self, created: datetime) -> None:
        inbox = self.listen("exportRequested")
        self.publisher.publish(Event(inbox.event_type, created=created))
        eventually_equal(lambda: [one.created for one in inbox.events], [created])
        assert inbox.events[0].created.utcoffset() == timedelta(0)

    def test_a_handler_that_changes_the_payload_changes_its_own_only(self) -> None:
        def change(event: Event) -> None:
            event.payload["journal"] = "changed"

        first = self.listen("exportRequested", "first", change)
        second = self.listen("exportRequested", "second", change)
        payload = {"journal": "elife"}
        seen: list[Any] = []
        third = self.listen("exportRequested", "third", lambda one: seen.append(dict(one.payload)))
        self.publish("exportRequested", payload)
        eventually_equal(lambda: [len(one.done) for one in (first, second, third)], [1, 1, 1])
        self.publish("exportRequested", payload)
        eventually_equal(lambda: seen, [{"journal": "elife"}] * 2)
        assert payload == {"journal": "elife"}

    @pytest.mark.parametrize("event_type", ["a", "A.b-c_d", "x" * 100])
    def test_every_valid_name_works(self, event_type: str) -> None:
        inbox = self.listen(event_type, service=event_type)
        events = self.publish(event_type, 1)
        eventually_equal(lambda: inbox.events, events)
