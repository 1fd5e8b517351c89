"""AMQP 0-9-1 frames for the two busiest ways: publishing a message, and taking a delivery.

pika encodes and decodes every method by general means. These functions do the same for
`basic.publish` and `basic.deliver` alone, several times as fast; sections of the specification
are named where they apply. Field tables of kinds that are not known here go through pika.
"""

from collections.abc import Mapping
from functools import lru_cache
from struct import Struct
from typing import Any

from pika.data import decode_table, encode_table

from bus_core.message import Message

METHOD, HEADER, BODY = 1, 2, 3
_END = b"\xce"
_BASIC = 60
BASIC_PUBLISH = _BASIC << 16 | 40
BASIC_DELIVER = _BASIC << 16 | 60
BASIC_ACK = _BASIC << 16 | 80
BASIC_NACK = _BASIC << 16 | 120

_frame = Struct(">BHL")
_publish = Struct(">LH")
_content = Struct(">HHQH")
_long = Struct(">L")
_tag_and_bits = Struct(">QB")
_confirm = Struct(">LQB")
_timestamp = Struct(">Q")
_signed = Struct(">q")
_LENGTHS = [bytes((length,)) for length in range(256)]
_FEW_VALUES = frozenset(("ce-specversion", "ce-type", "ce-source"))
"""Headers that have the same few values all the time: what is made of them is kept."""
FRAME_OVERHEAD = _frame.size + len(_END)

# Property flags (section 4.2.6.1), in the order in which their values follow.
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS, _DELIVERY_MODE = 1 << 15, 1 << 14, 1 << 13, 1 << 12
_PRIORITY, _CORRELATION_ID, _REPLY_TO, _EXPIRATION = 1 << 11, 1 << 10, 1 << 9, 1 << 8
_MESSAGE_ID, _TIMESTAMP, _TYPE, _USER_ID = 1 << 7, 1 << 6, 1 << 5, 1 << 4
_APP_ID, _CLUSTER_ID, _MORE_FLAGS = 1 << 3, 1 << 2, 1
_PERSISTENT, _TRANSIENT = b"\x02", b"\x01"


def publish_frames(
    channel: int,
    exchange: str,
    routing_key: str,
    message: Message,
    *,
    mandatory: bool = False,
    frame_max: int = 131_072,
) -> bytes:
    """Return all frames of one `basic.publish`.

    Raises `ValueError` when a short string is longer than 255 bytes.
    """
    body = message.body
    header = _header(message, len(body))
    parts = [
        _method_frame(channel, exchange, routing_key, mandatory),
        _frame.pack(HEADER, channel, len(header)),
        header,
        _END,
    ]
    size = frame_max - FRAME_OVERHEAD
    if len(body) <= size:
        if body:
            parts += (_frame.pack(BODY, channel, len(body)), body, _END)
    else:
        for start in range(0, len(body), size):
            chunk = body[start : start + size]
            parts += (_frame.pack(BODY, channel, len(chunk)), chunk, _END)
    return b"".join(parts)


@lru_cache(maxsize=1024)  # a service publishes few types of event
def _method_frame(channel: int, exchange: str, routing_key: str, mandatory: bool) -> bytes:
    method = b"".join(
        (
            _publish.pack(BASIC_PUBLISH, 0),
            _short(exchange),
            _short(routing_key),
            b"\x01" if mandatory else b"\x00",
        )
    )
    return _frame.pack(METHOD, channel, len(method)) + method + _END


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 255:
        raise ValueError(f"{text[:40]!r}… is longer than 255 bytes")
    return _LENGTHS[len(encoded)] + encoded


_known_short = lru_cache(maxsize=1024)(_short)
"""For texts of which there are few, such as the names of headers."""


def _header(message: Message, size: int) -> bytes:
    flags = _DELIVERY_MODE
    values = [b""]
    add = values.append
    if message.content_type is not None:
        flags |= _CONTENT_TYPE
        add(_known_short(message.content_type))
    if message.headers:
        flags |= _HEADERS
        add(_table(message.headers))
    add(_PERSISTENT if message.persistent else _TRANSIENT)
    if message.correlation_id is not None:
        flags |= _CORRELATION_ID
        add(_short(message.correlation_id))
    if message.expiration is not None:
        flags |= _EXPIRATION
        add(_short(message.expiration))
    if message.message_id is not None:
        flags |= _MESSAGE_ID
        add(_short(message.message_id))
    if message.timestamp is not None:
        flags |= _TIMESTAMP
        add(_timestamp.pack(message.timestamp))
    if message.type is not None:
        flags |= _TYPE
        add(_known_short(message.type))
    if message.user_id is not None:
        flags |= _USER_ID
        add(_short(message.user_id))
    if message.app_id is not None:
        flags |= _APP_ID
        add(_known_short(message.app_id))
    values[0] = _content.pack(_BASIC, 0, size, flags)
    return b"".join(values)


def _table(headers: Mapping[str, Any]) -> bytes:
    """Return a field table (section 4.2.5.5); strings and numbers at once, the rest by pika."""
    parts: list[bytes] = []
    for name, value in headers.items():
        if name in _FEW_VALUES and type(value) is str:
            parts.append(_known_string_entry(name, value))
        elif type(value) is str:
            parts.append(_string_entry(name, value))
        elif type(value) is int and -(2**63) <= value < 2**63:
            parts += (_known_short(name), b"l", _signed.pack(value))
        else:
            pieces: list[bytes] = []
            encode_table(pieces, dict(headers))
            return b"".join(pieces)
    table = b"".join(parts)
    return _long.pack(len(table)) + table


def _string_entry(name: str, value: str) -> bytes:
    text = value.encode()
    return _known_short(name) + b"S" + _long.pack(len(text)) + text


_known_string_entry = lru_cache(maxsize=1024)(_string_entry)


def confirm(payload: bytes, start: int) -> tuple[int, int, bool]:
    """Return method, delivery tag and `multiple` of a `basic.ack` or `basic.nack` at `start`."""
    method, tag, bits = _confirm.unpack_from(payload, start)
    return method, tag, bool(bits & 1)


def deliver(payload: bytes, start: int) -> tuple[int, bool, str, str]:
    """Return tag, redelivered, exchange and routing key of a `basic.deliver` at `start`."""
    position = start + 5 + payload[start + 4]
    tag, redelivered = _tag_and_bits.unpack_from(payload, position)
    position += 9
    end = position + 1 + payload[position]
    exchange = payload[position + 1 : end].decode()
    routing_key = payload[end + 1 : end + 1 + payload[end]].decode()
    return tag, bool(redelivered), exchange, routing_key


def content_header(payload: bytes, start: int) -> tuple[int, int, int]:
    """Return body size, property flags and where the properties begin, of a content header."""
    _class, _weight, size, flags = _content.unpack_from(payload, start)
    return size, flags, start + _content.size


def properties(  # noqa: PLR0912 - one branch a property, in the order of the specification
    payload: bytes, flags: int, position: int
) -> dict[str, Any]:
    """Return the properties as arguments for a `Message`."""
    found: dict[str, Any] = {}

    def short() -> str:
        nonlocal position
        end = position + 1 + payload[position]
        text = payload[position + 1 : end].decode(errors="replace")
        position = end
        return text

    if flags & _MORE_FLAGS:
        position += 2  # AMQP defines none; nobody sends any
    if flags & _CONTENT_TYPE:
        found["content_type"] = short()
    if flags & _CONTENT_ENCODING:
        short()
    if flags & _HEADERS:
        found["headers"], position = _read_table(payload, position)
    found["persistent"] = False
    if flags & _DELIVERY_MODE:
        found["persistent"] = payload[position] == 2
        position += 1
    if flags & _PRIORITY:
        position += 1
    if flags & _CORRELATION_ID:
        found["correlation_id"] = short()
    if flags & _REPLY_TO:
        short()
    if flags & _EXPIRATION:
        found["expiration"] = short()
    if flags & _MESSAGE_ID:
        found["message_id"] = short()
    if flags & _TIMESTAMP:
        (found["timestamp"],) = _timestamp.unpack_from(payload, position)
        position += 8
    if flags & _TYPE:
        found["type"] = short()
    if flags & _USER_ID:
        found["user_id"] = short()
    if flags & _APP_ID:
        found["app_id"] = short()
    return found


def _read_table(payload: bytes, position: int) -> tuple[dict[str, Any], int]:
    """Return a field table and where it ends; strings and numbers at once, the rest by pika."""
    (length,) = _long.unpack_from(payload, position)
    begin = position
    position += 4
    end = position + length
    table: dict[str, Any] = {}
    while position < end:
        name_end = position + 1 + payload[position]
        name = payload[position + 1 : name_end].decode(errors="replace")
        kind = payload[name_end]
        position = name_end + 1
        if kind == 0x53:  # S, a long string
            (size,) = _long.unpack_from(payload, position)
            position += 4 + size
            try:
                table[name] = payload[position - size : position].decode()
            except UnicodeDecodeError:
                table[name] = payload[position - size : position]
        elif kind == 0x6C:  # l, a signed 64-bit number
            (table[name],) = _signed.unpack_from(payload, position)
            position += 8
        else:
            return dict(decode_table(payload, begin)[0]), end
    return table, end
