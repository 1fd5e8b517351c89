"""The wire format: what is written is read back, byte for byte what the TypeScript bus reads."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_core.envelope import Meta, decode, encode, with_meta
from bus_core.errors import InvalidEvent
from bus_core.event import Event
from bus_core.message import Message

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
)
MOMENTS = st.builds(
    lambda milliseconds, offset: (
        datetime(1, 1, 2, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    ).astimezone(timezone(timedelta(minutes=offset))),
    st.integers(0, 9_998 * 365 * 86_400_000),
    st.integers(-1_439, 1_439),
)


@given(payload=JSON, created=MOMENTS, event_id=IDS, story=IDS, cause=st.none() | IDS)
def test_an_event_is_read_back_as_it_was(
    payload: Any, created: datetime, event_id: str, story: str, cause: str | None
) -> None:
    event = Event(
        "exportRequested",
        payload,
        id=event_id,
        created=created,
        correlation_id=story,
        causation_id=cause,
    )
    envelope = decode(encode(event, service="submission"))
    assert envelope.event == event
    assert envelope.meta == Meta(attempts=0, retries=10, failures=0)


def test_the_body_is_the_one_of_the_typescript_bus() -> None:
    event = Event(
        "exportRequested",
        {"journal": "žluťoučký"},
        id="exportRequested_5ab4b2f0-6d0c-4b8e-9c3f-0d7b6c1a2e3f",
        created=datetime(2026, 11, 23, 18, 39, 11, 34_999, tzinfo=UTC),
    )
    assert encode(event, service="submission").body.decode() == (
        '{"event":{"id":"exportRequested_5ab4b2f0-6d0c-4b8e-9c3f-0d7b6c1a2e3f",'
        '"created":"2026-11-23T18:39:11.034Z","eventType":"exportRequested",'
        '"payload":{"journal":"žluťoučký"}},'
        '"meta":{"attempts":0,"retries":10,"failures":0}}'
    )


def test_properties_and_headers_say_the_same_as_the_body() -> None:
    created = datetime(2026, 11, 23, 19, 39, 11, 34_000, timezone(timedelta(hours=1)))
    event = Event("asked", id="it", created=created, correlation_id="story", causation_id="cause")
    message = encode(event, service="submission")
    assert message == Message(
        body=message.body,
        content_type="application/json",
        message_id="it",
        type="asked",
        app_id="submission",
        correlation_id="story",
        timestamp=1_795_459_151,
        persistent=True,
        headers={
            "ce-specversion": "1.0",
            "ce-id": "it",
            "ce-type": "asked",
            "ce-source": "submission",
            "ce-time": "2026-11-23T18:39:11.034Z",
            "ce-causationid": "cause",
        },
    )


def test_the_timestamp_of_a_date_before_1970_is_0() -> None:
    message = encode(Event("asked", created=datetime(1909, 3, 13, tzinfo=UTC)), service="s")
    assert message.timestamp == 0


def test_a_copy_differs_in_meta_only_and_keeps_what_is_unknown() -> None:
    document = {
        "version": 2,
        "event": {"id": "x", "eventType": "asked", "more": [1]},
        "meta": {"attempts": 1, "priority": 5},
    }
    envelope = decode(Message(body=json.dumps(document).encode()))
    copy = json.loads(with_meta(envelope, Meta(attempts=2, retries=7, failures=2)))
    meta = {"attempts": 2, "retries": 7, "failures": 2, "priority": 5}
    assert copy == {**document, "meta": meta}


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        (None, Meta()),
        ([], Meta()),
        ({}, Meta()),
        ({"attempts": 3, "retries": 5, "failures": 2}, Meta(attempts=3, retries=5, failures=2)),
        ({"attempts": "3", "retries": -1, "failures": 2**60}, Meta()),
        ({"attempts": 1.5, "failures": 1}, Meta(failures=1)),
    ],
)
def test_meta_is_taken_as_far_as_it_makes_sense(meta: object, expected: Meta) -> None:
    body = {"event": {"id": "x", "eventType": "asked"}, "meta": meta}
    assert decode(Message(body=json.dumps(body).encode())).meta == expected


@pytest.mark.parametrize(
    ("created", "timestamp", "expected"),
    [
        ("2018-11-23T18:39:11.034Z", None, datetime(2018, 11, 23, 18, 39, 11, 34_000, tzinfo=UTC)),
        ("2018-11-23T18:39:11+02:00", None, datetime(2018, 11, 23, 16, 39, 11, tzinfo=UTC)),
        ("2018-11-23 18:39:11", None, datetime(2018, 11, 23, 18, 39, 11, tzinfo=UTC)),
        ("2018-11-23", None, datetime(2018, 11, 23, tzinfo=UTC)),
        (None, 1_543_000_000, datetime(2018, 11, 23, 19, 6, 40, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_many_forms(
    created: str | None, timestamp: int | None, expected: datetime
) -> None:
    body = {"event": {"id": "x", "eventType": "asked", "created": created}}
    message = Message(body=json.dumps(body).encode(), timestamp=timestamp)
    assert decode(message).event.created == expected


EVENT = Event("asked", id="it", correlation_id="story")


@pytest.mark.parametrize(
    "event",
    [
        replace(EVENT, payload=object()),
        replace(EVENT, payload={"key": b"bytes"}),
        replace(EVENT, payload="\ud800"),
        replace(EVENT, payload=2**64),
        replace(EVENT, payload="x" * 17_000_000),
        replace(EVENT, id="\ud800"),
        replace(EVENT, correlation_id="\ud800"),
        replace(EVENT, causation_id="\ud800"),
        replace(EVENT, id="é" * 128),
        replace(EVENT, correlation_id="é" * 128),
        replace(EVENT, causation_id="é" * 128),
        replace(EVENT, created=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    ],
    ids=lambda event: str(event)[:40].encode("ascii", "replace").decode(),
)
def test_what_cannot_be_carried_is_an_invalid_event(event: Event) -> None:
    with pytest.raises(InvalidEvent, match="the event"):
        encode(event, service="submission")
