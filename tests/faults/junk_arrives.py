"""Anything may lie in a queue: each message is handled or becomes a dead letter; workers live."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pika import BasicProperties

from bus_core import Event, Reject, Retry, RetryPolicy
from bus_core.connecting import open_link
from bus_core.link import Link
from bus_core.message import Message
from tests.faults.conftest import DeadLetters, Service
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

EVENT_TYPE = "junkEvent"
EXCHANGE = f"event__{EVENT_TYPE}"
TWICE = RetryPolicy(attempts=2, delays_ms=(1,))

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([2**64, -(2**63) - 1, 1e308, "\udc80", "\u0000", "x" * 300])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DEPTHS = st.sampled_from([1, 100, 253, 254, 255, 300, 1000, 1020, 1023, 1024, 5000, 200_000])


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def fields(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


EVENTS = fields(
    event=VALUES
    | fields(
        id=st.just("an id") | VALUES,
        eventType=st.just(EVENT_TYPE) | VALUES,
        created=st.datetimes().map(str) | VALUES,
        payload=VALUES,
        more=VALUES,
    ),
    meta=VALUES | fields(attempts=VALUES, retries=VALUES, failures=VALUES, more=VALUES),
    more=VALUES,
)
WELL_FORMED = '{"event":{"id":"deep","eventType":"junkEvent","payload":%s,"more":%s},"meta":%s}'
BODIES = (
    st.binary()
    | EVENTS.map(lambda document: json.dumps(document).encode())
    | DEPTHS.map(lambda depth: nested(depth).encode())
    | st.permutations([nested(1), "1", "{}"]).map(
        lambda parts: (WELL_FORMED % tuple(parts)).encode()
    )
    | st.tuples(DEPTHS, st.permutations(range(3))).map(
        lambda drawn: (
            WELL_FORMED % tuple(nested(drawn[0]) if place == 0 else "{}" for place in drawn[1])
        ).encode()
    )
)
TEXTS = st.none() | st.text(max_size=60)
MESSAGES = st.builds(
    Message,
    body=BODIES,
    headers=st.dictionaries(
        st.text(max_size=60) | st.sampled_from(["ce-causationid", "x-death", "x-delivery-count"]),
        VALUES,
        max_size=4,
    ),
    content_type=TEXTS,
    message_id=TEXTS,
    type=TEXTS,
    app_id=TEXTS,
    correlation_id=TEXTS,
    timestamp=st.none() | st.integers(0, 2**64 - 1),
)
OUTCOMES = st.sampled_from(
    [None, ValueError("\udc80 \u0000"), Reject("never"), Retry(0.001), SystemExit(1)]
)


class Subject:
    """A service to which anything may be sent."""

    def __init__(self, url: str, link: Link) -> None:
        self.outcome: BaseException | None = None
        self.link = link
        self.service = Service(url, EVENT_TYPE, handle=self._handle, retry=TWICE)
        self.dead = DeadLetters(url, "worker")

    def _handle(self, event: Event) -> None:
        if self.outcome is not None and event.id != "the last":
            raise self.outcome

    def ended(self) -> int:
        return len(self.service.handled) + len(self.dead.all)

    def send(self, message: Message) -> None:
        self.link.publish(EXCHANGE, "", message).result(30)

    def expect(self, messages: int, timeout: float = 20.0) -> None:
        """Wait until so many have ended one way or the other, and an ordinary one is handled."""
        wait_until(
            lambda: self.ended() >= messages,
            timeout=timeout,
            interval=0.001,
            message=lambda: f"only {self.ended()} of {messages} have ended",
        )
        assert self.ended() == messages

    def close(self) -> None:
        self.service.bus.close(grace=1)
        self.dead.__exit__()
        self.link.close()


@pytest.fixture(scope="module")
def embedded() -> Iterator[Subject]:
    link = open_link("memory://junk", client_name="somebody")
    subject = Subject("memory://junk", link)
    yield subject
    subject.close()


@settings(
    max_examples=1000,
    deadline=None,
    # A failure takes seconds to show, so do not search for a smaller one.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(messages=st.lists(MESSAGES, min_size=1, max_size=5), outcome=OUTCOMES)
def test_on_the_embedded_broker(
    embedded: Subject, messages: list[Message], outcome: BaseException | None
) -> None:
    before = embedded.ended()
    embedded.outcome = outcome
    for message in messages:
        embedded.send(message)
    embedded.expect(before + len(messages))


class RawProperties(BasicProperties):
    """Properties as anybody may put them on the wire."""

    def __init__(self, flags: int, values: bytes) -> None:
        super().__init__()
        self._raw = struct.pack(">H", flags) + values

    def encode(self) -> list[bytes]:
        return [self._raw]


HEADERS, MESSAGE_ID, TIMESTAMP = 1 << 13, 1 << 7, 1 << 6


def headers(*entries: tuple[bytes, bytes]) -> RawProperties:
    """Return properties with a field table of these names and encoded values."""
    table = b"".join(bytes((len(name),)) + name + value for name, value in entries)
    return RawProperties(HEADERS, struct.pack(">L", len(table)) + table)


def tables_in_tables(depth: int) -> bytes:
    """Return the encoded value of a table that holds a table, and so on."""
    inner = b""
    for _ in range(depth):
        inner = b"\x01t" + b"F" + struct.pack(">L", len(inner)) + inner
    return b"F" + struct.pack(">L", len(inner)) + inner


NOTHING = RawProperties(0, b"")
ORDINARY = WELL_FORMED % ("{}", "{}", "{}")
LONG = b"S" + struct.pack(">L", 120_000) + b"x" * 120_000
JUNK_BODIES = {
    "empty": b"",
    "not JSON": b"\x00\xff",
    "not an object": b"[]",
    "no event": b"{}",
    "no id": b'{"event":{"eventType":"junkEvent"}}',
    "a number for an id": b'{"event":{"id":7,"eventType":"junkEvent"}}',
    "a wrong type": b'{"event":{"id":"a","eventType":"__"}}',
    "a long id": (WELL_FORMED % ("{}", "{}", "{}")).replace("deep", "x" * 70_000).encode(),
    "a date that is none": b'{"event":{"id":"a","eventType":"junkEvent","created":"soon"}}',
    "deep": (WELL_FORMED % (nested(300), "{}", "{}")).encode(),
    "too deep": (WELL_FORMED % (nested(5000), "{}", "{}")).encode(),
    # RabbitMQ 4 takes 16 MiB.
    "almost 16 MiB": (WELL_FORMED % (f'"{"x" * 16_700_000}"', "{}", "{}")).encode(),
}
JUNK_PROPERTIES = {
    "a date in milliseconds": headers((b"when", b"T" + struct.pack(">Q", 1_700_000_000_000))),
    "a date at the end of time": headers((b"when", b"T" + b"\xff" * 8)),
    "a long fraction": headers((b"share", b"D" + bytes((255,)) + struct.pack(">i", 7))),
    "a name that is no text": headers((b"\xff" * 200, b"S" + struct.pack(">L", 1) + b"x")),
    "a value that is no text": headers((b"name", b"S" + struct.pack(">L", 1) + b"\xff")),
    "bytes": headers((b"name", b"x" + struct.pack(">L", 1) + b"\xff")),
    "a name that is no text in a table of bytes": headers(
        (b"\xff", b"x" + struct.pack(">L", 1) + b"\xff")
    ),
    "tables in tables": headers((b"t", tables_in_tables(2_000))),
    "a count that is text": headers((b"x-delivery-count", b"S" + struct.pack(">L", 1) + b"x")),
    "a count below zero": headers((b"x-delivery-count", b"l" + struct.pack(">q", -1))),
    "a history that is text": headers((b"x-death", b"S" + struct.pack(">L", 1) + b"x")),
    "a frame full of headers": headers(
        (b"long", LONG), (b"more", b"S" + struct.pack(">L", 10_000) + b"x" * 10_000)
    ),
    "an id that is no text": RawProperties(MESSAGE_ID, b"\xff" * 256),
    "a timestamp at the end of time": RawProperties(TIMESTAMP, b"\xff" * 8),
}


@pytest.fixture
def real(rabbit: Vhost) -> Iterator[Subject]:
    subject = Subject(rabbit.amqp_url, open_link(rabbit.amqp_url, client_name="somebody"))
    yield subject
    subject.close()


@pytest.mark.parametrize(
    "outcome", [None, ValueError("\udc80"), Reject("never")], ids=["handled", "failing", "rejected"]
)
def test_on_a_real_broker(rabbit: Vhost, real: Subject, outcome: BaseException | None) -> None:
    junk = [(body, "", NOTHING) for body in JUNK_BODIES.values()]
    junk += [(ORDINARY.encode(), "", properties) for properties in JUNK_PROPERTIES.values()]
    junk += [(ORDINARY.encode(), b"\xff", NOTHING)]
    with rabbit.connect() as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for number, (body, routing_key, properties) in enumerate(junk, 1):
            real.outcome = outcome
            channel.basic_publish(EXCHANGE, routing_key, body, properties)
            real.expect(number)
    real.outcome = None
    before = len(real.service.handled)
    real.service.bus.publish(Event(EVENT_TYPE))
    wait_until(lambda: len(real.service.handled) > before)
    print(f"\n{len(junk)} messages: {before} handled, {len(real.dead.all)} dead letters")
