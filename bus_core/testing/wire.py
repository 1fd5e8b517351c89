"""The wire: what other programs send is handled, and what nobody can read harms nobody."""

import json
from datetime import UTC, datetime
from typing import Any

from bus_core.message import Message
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import Inbox
from bus_core.testing.retrying import fail
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

EVENT_ID = "exportRequested_5ab4b2f0-6d0c-4b8e-9c3f-0d7b6c1a2e3f"

NOT_EVENTS = (
    b"",
    b"not JSON",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b'"event"',
    b'{"event": null}',
    b'{"event": {"eventType": "exportRequested", "payload": {}}}',
    b'{"event": {"id": 7, "eventType": "exportRequested"}}',
    b'{"event": {"id": "x"}}',
    b'{"event": {"id": "x", "eventType": "two__parts"}}',
    b'{"event": {"id": "x", "eventType": "exportRequested", "created": "yesterday"}}',
    b'{"event": {"id": "x", "eventType": "exportRequested", "created": 5}}',
    b'{"event": {"id": "x", "eventType": "y", "created": "0001-01-01T00:00:00+23:59"}}',
)


def typescript(event_type: str, **more: Any) -> bytes:
    """Return the body that Libero's TypeScript event bus writes, byte for byte."""
    document = {
        "event": {
            "id": EVENT_ID,
            "created": "2018-11-23T18:39:11.034Z",
            "eventType": event_type,
            "payload": {},
        },
        "meta": {"attempts": 0, "retries": 10, "failures": 0},
        **more,
    }
    return json.dumps(document, separators=(",", ":")).encode()


class WireConformance(Stage):
    """Tests of messages that did not come from this library."""

    def send(self, inbox: Inbox, *messages: Message) -> None:
        """Put messages where the inbox's events go."""
        for message in messages:
            self.raw_publish(self._broker, inbox.event_type, message)

    @needs("wire")
    def test_an_event_of_the_typescript_bus_is_handled(self) -> None:
        inbox = self.listen("exportRequested")
        body = typescript(inbox.event_type)
        # It sets no properties at all.
        self.send(inbox, Message(body=body, persistent=False))
        eventually(lambda: inbox.events)
        event = inbox.events[0]
        assert (event.id, event.type, event.payload) == (EVENT_ID, inbox.event_type, {})
        assert event.created == datetime(2018, 11, 23, 18, 39, 11, 34_000, tzinfo=UTC)
        assert (event.correlation_id, event.causation_id) == (EVENT_ID, None)

    @needs("wire", "dead_letters", "retries")
    def test_what_a_body_holds_beyond_the_format_is_kept(self) -> None:
        policy = RetryPolicy(attempts=2, delays_ms=(20,))
        inbox = self.listen("exportRequested", then=fail(), retry=policy)
        body = json.loads(typescript(inbox.event_type))
        body["event"]["source"] = {"of": "another program"}
        body["meta"]["priority"] = 7
        body["extra"] = [1, None]
        self.send(inbox, Message(body=json.dumps(body).encode(), persistent=False))
        (letter,) = eventually(self.given_up)
        body["meta"] |= {"attempts": 2, "failures": 2, "retries": 2}
        assert json.loads(letter.body) == body
        assert inbox.ids == [EVENT_ID] * 2

    @needs("wire")
    def test_a_body_without_meta_payload_or_date_is_an_event(self) -> None:
        inbox = self.listen("exportRequested")
        least = {"event": {"id": "any id", "eventType": inbox.event_type}}
        with_nonsense = {**least, "meta": {"attempts": "many", "failures": -1}}
        bodies = [json.dumps(one).encode() for one in (least, with_nonsense)]
        self.send(inbox, *(Message(body=body) for body in bodies))
        # A timestamp in milliseconds, as some programs send it, is no date of this era.
        self.send(inbox, Message(body=bodies[0], timestamp=1_700_000_000_000))
        eventually_equal(lambda: inbox.payloads, [None] * 3)

    @needs("wire", "dead_letters")
    def test_what_is_not_an_event_is_a_dead_letter_and_the_worker_goes_on(self) -> None:
        inbox = self.listen("exportRequested")
        self.send(inbox, *(Message(body=body) for body in NOT_EVENTS))
        self.publish("exportRequested", "the next")
        eventually_equal(lambda: inbox.payloads, ["the next"])
        eventually_equal(lambda: len(self.given_up()), len(NOT_EVENTS))
        letters = self.given_up()
        assert {letter.reason for letter in letters} == {"undecodable"}
        assert {letter.event_type for letter in letters} == {inbox.event_type}
        assert [letter.body for letter in letters] == list(NOT_EVENTS)
        assert all(letter.error for letter in letters)
