"""Copies of events that failed: what they keep, what they lose, what they say."""

import json

import pytest

from bus_core import copies
from bus_core.copies import dead_letter, retry_copy
from bus_core.envelope import Meta, decode, encode
from bus_core.event import Event
from bus_core.message import Delivery, Message

EVENT = Event("asked", {"journal": "elife"}, id="it", correlation_id="story", causation_id="cause")
QUEUE = "consumer__asked__curious"


def delivered(message: Message) -> Delivery:
    return Delivery(message=message, queue=QUEUE, exchange="event__asked", routing_key="")


def with_notes_of_the_broker() -> Delivery:
    message = encode(EVENT, service="submission")
    notes = {
        "x-death": [{"queue": QUEUE, "reason": "delivery_limit", "count": 1}],
        "x-first-death-queue": QUEUE,
        "x-first-death-reason": "expired",
        "x-first-death-exchange": "",
        "x-last-death-queue": QUEUE,
        "x-last-death-reason": "expired",
        "x-last-death-exchange": "",
        "x-delivery-count": 3,
    }
    headers = {**message.headers, **notes, "traceparent": "00-trace"}
    return delivered(
        Message(
            body=message.body,
            headers=headers,
            content_type=message.content_type,
            message_id=message.message_id,
            type=message.type,
            app_id=message.app_id,
            correlation_id=message.correlation_id,
            timestamp=message.timestamp,
            user_id="somebody",
            expiration="5000",
            persistent=False,
        )
    )


def test_a_retry_copy_is_the_event_anew() -> None:
    delivery = with_notes_of_the_broker()
    copy = retry_copy(delivery, decode(delivery.message), Meta(attempts=1, failures=1))
    original = encode(EVENT, service="submission")
    assert dict(copy.headers) == {**original.headers, "traceparent": "00-trace"}
    assert decode(copy).event == EVENT
    assert decode(copy).meta == Meta(attempts=1, failures=1)
    assert (copy.expiration, copy.user_id, copy.persistent) == (None, None, True)
    for name in ("content_type", "message_id", "type", "app_id", "correlation_id", "timestamp"):
        assert getattr(copy, name) == getattr(original, name)


def test_a_dead_letter_says_why_and_from_where() -> None:
    delivery = with_notes_of_the_broker()
    envelope = decode(delivery.message)
    meta = Meta(attempts=4, retries=4, failures=4)
    letter = dead_letter(
        delivery, envelope, meta, reason="attempts", error="x" * 5_000, worker="host/7/ab"
    )
    said = {name: value for name, value in letter.headers.items() if name.startswith("bus-dead-")}
    assert said.pop(copies.DEAD_AT) > 1_700_000_000
    assert len(said.pop(copies.DEAD_ID)) == 32
    assert said == {
        copies.DEAD_REASON: "attempts",
        copies.DEAD_QUEUE: QUEUE,
        copies.DEAD_ERROR: "x" * 4_000,
        copies.DEAD_ATTEMPTS: 4,
        copies.DEAD_WORKER: "host/7/ab",
    }
    assert "x-death" not in letter.headers
    meta_written = json.loads(letter.body)["meta"]
    assert meta_written == {"attempts": 4, "retries": 4, "failures": 4}


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]"])
def test_an_undecodable_body_is_kept_to_the_byte(body: bytes) -> None:
    letter = dead_letter(
        delivered(Message(body=body)), None, Meta(), reason="undecodable", error="e", worker="w"
    )
    assert letter.body == body
