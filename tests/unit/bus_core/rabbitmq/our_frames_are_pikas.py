"""The fast ways lead to the same bytes and the same messages as pika's own."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties
from pika.frame import Body, Header, Method
from pika.spec import Basic

from bus_core.message import Delivery, Message
from bus_core.rabbitmq.bursts import supported
from bus_core.rabbitmq.deliveries import DeliveryReader
from bus_core.rabbitmq.frames import publish_frames
from bus_core.rabbitmq.wire import to_properties

SHORT = st.text(st.characters(codec="utf-8"), max_size=60)
OPTIONAL = st.none() | SHORT
HEADERS = st.dictionaries(
    SHORT,
    st.one_of(SHORT, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.lists(SHORT, max_size=2)),
    max_size=4,
)
MESSAGES = st.builds(
    Message,
    body=st.binary(max_size=300),
    headers=HEADERS,
    content_type=OPTIONAL,
    message_id=OPTIONAL,
    type=OPTIONAL,
    app_id=OPTIONAL,
    correlation_id=OPTIONAL,
    user_id=OPTIONAL,
    expiration=OPTIONAL,
    timestamp=st.none() | st.integers(0, 2**40),
    persistent=st.booleans(),
)


def test_pika_has_the_private_parts_that_we_lean_on() -> None:
    """When this fails, look at what the new pika changed before `bursts` is used with it."""
    assert supported()


def _through_pika(message: Message, method: Any, channel: int = 3) -> bytes:
    frames = [Method(channel, method), Header(channel, len(message.body), to_properties(message))]
    if message.body:
        frames.append(Body(channel, message.body))
    return b"".join(frame.marshal() for frame in frames)


@given(MESSAGES.filter(lambda one: all(type(v) is str for v in one.headers.values())))
def test_a_publish_is_the_same_to_the_byte(message: Message) -> None:
    ours = publish_frames(3, "event__asked", "key", message)
    assert ours == _through_pika(message, Basic.Publish(exchange="event__asked", routing_key="key"))


@given(MESSAGES)
def test_a_delivery_is_read_as_it_was_sent(message: Message) -> None:
    method = Basic.Deliver(
        consumer_tag="c", delivery_tag=7, redelivered=True, exchange="e", routing_key="k"
    )
    assert _read(_through_pika(message, method)) == [
        Delivery(
            message=message,
            queue="q",
            exchange="e",
            routing_key="k",
            redelivered=True,
            delivery_count=0,
            tag=7,
            epoch=1,
        )
    ]


def test_a_count_of_returns_is_noticed() -> None:
    message = Message(body=b"x", headers={"x-delivery-count": 4})
    method = Basic.Deliver(consumer_tag="c", delivery_tag=1, exchange="", routing_key="q")
    (delivery,) = _read(_through_pika(message, method))
    assert delivery.delivery_count == 4


def test_properties_that_we_do_not_use_are_passed_over() -> None:
    properties = BasicProperties(
        content_encoding="gzip", priority=3, reply_to="r", message_id="m", app_id="a"
    )
    frames = [
        Method(3, Basic.Deliver(consumer_tag="c", delivery_tag=1, exchange="", routing_key="q")),
        Header(3, 0, properties),
    ]
    (delivery,) = _read(b"".join(frame.marshal() for frame in frames))
    assert (delivery.message.message_id, delivery.message.app_id) == ("m", "a")
    assert delivery.message.persistent is False


def _read(wire: bytes) -> list[Delivery]:
    """Read at once, and again with each frame in a piece of its own: both must agree."""
    at_once, by_frames = _read_pieces([wire]), _read_pieces(_frames(wire))
    assert at_once == by_frames
    return at_once


def _read_pieces(pieces: list[bytes]) -> list[Delivery]:
    deliveries: list[Delivery] = []
    reader = DeliveryReader("q", 1, deliveries.append)
    for piece in pieces:
        position = 0
        while position < len(piece):
            kind, size = piece[position], int.from_bytes(piece[position + 3 : position + 7], "big")
            position = reader(kind, piece, position + 7, size)
            assert position
    return deliveries


def _frames(wire: bytes) -> list[bytes]:
    found, position = [], 0
    while position < len(wire):
        end = position + 8 + int.from_bytes(wire[position + 3 : position + 7], "big")
        found.append(wire[position:end])
        position = end
    return found
