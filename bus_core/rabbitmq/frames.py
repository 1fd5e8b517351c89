"""AMQP 0-9-1 frames for the two busiest ways: publishing a message, and taking a delivery.

pika encodes and decodes every method by general means. These functions do the same for
`basic.publish` and `basic.deliver` alone, several times as fast; sections of the specification
are named where they apply. Field tables of kinds that are not known here go through pika.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from struct import Struct
from typing import Any

from pika.data import decode_table, encode_table
from pika.exceptions import AMQPError

from bus_core.message import Message

logger = logging.getLogger(__name__)

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
FRAME_END = 0xCE
FRAME_HEAD = _frame.size
FRAME_OVERHEAD = FRAME_HEAD + len(_END)
frame_head: Callable[[bytes, int], tuple[int, int, int]] = _frame.unpack_from
"""Returns kind, channel and size of the frame that begins at a position of a buffer."""

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

    Raises `ValueError` when a short string is longer than 255 bytes, or the header than a frame.
    """
    body = message.body
    header = _header(message, len(body))
    size = frame_max - FRAME_OVERHEAD
    if len(header) > size:
        raise ValueError(f"its properties and headers are longer than {size} bytes")
    parts = [
        _method_frame(channel, exchange, routing_key, mandatory),
        _frame.pack(HEADER, channel, len(header)),
        header,
        _END,
    ]
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
        # The first event of a story gives the story its name.
        same = message.message_id is message.correlation_id and message.expiration is None
        add(values[-1] if same else _short(message.message_id))
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
    parts = [b""]
    add = parts.append
    for name, value in headers.items():
        if type(value) is str:
            if name in _FEW_VALUES:
                add(_known_string_entry(name, value))
            else:
                text = value.encode()
                add(_string_head(name))
                add(_long.pack(len(text)))
                add(text)
        elif type(value) is int and -(2**63) <= value < 2**63:
            add(_known_short(name) + b"l" + _signed.pack(value))
        else:
            pieces: list[bytes] = []
            encode_table(pieces, dict(headers))
            return b"".join(pieces)
    table = b"".join(parts)
    return _long.pack(len(table)) + table


@lru_cache(maxsize=1024)
def _string_head(name: str) -> bytes:
    return _short(name) + b"S"


def _string_entry(name: str, value: str) -> bytes:
    text = value.encode()
    return _string_head(name) + _long.pack(len(text)) + text


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
    exchange = payload[position + 1 : end].decode("utf-8", "replace")
    routing_key = payload[end + 1 : end + 1 + payload[end]].decode("utf-8", "replace")
    return tag, bool(redelivered), exchange, routing_key


def content_header(payload: bytes, start: int) -> tuple[int, int, int]:
    """Return body size, property flags and where the properties begin, of a content header."""
    _class, _weight, size, flags = _content.unpack_from(payload, start)
    return size, flags, start + _content.size


def properties(  # noqa: PLR0912 - one branch a property, in the order of the specification
    payload: bytes, flags: int, position: int
) -> Message:
    """Return a message with these properties, still without a body."""
    message = Message(body=b"", persistent=False)
    if flags & _MORE_FLAGS:
        position += 2  # AMQP defines none; nobody sends any
    if flags & _CONTENT_TYPE:
        message.content_type, position = _read_short(payload, position)
    if flags & _CONTENT_ENCODING:
        _, position = _read_short(payload, position)
    if flags & _HEADERS:
        end = position + 4 + _long.unpack_from(payload, position)[0]
        message.headers = ReceivedHeaders(payload[position:end])
        position = end
    if flags & _DELIVERY_MODE:
        message.persistent = payload[position] == 2
        position += 1
    if flags & _PRIORITY:
        position += 1
    if flags & _CORRELATION_ID:
        message.correlation_id, position = _read_short(payload, position)
    if flags & _REPLY_TO:
        _, position = _read_short(payload, position)
    if flags & _EXPIRATION:
        message.expiration, position = _read_short(payload, position)
    if flags & _MESSAGE_ID:
        message.message_id, position = _read_short(payload, position)
    if flags & _TIMESTAMP:
        (message.timestamp,) = _timestamp.unpack_from(payload, position)
        position += 8
    if flags & _TYPE:
        message.type, position = _read_short(payload, position)
    if flags & _USER_ID:
        message.user_id, position = _read_short(payload, position)
    if flags & _APP_ID:
        message.app_id, position = _read_short(payload, position)
    return message


def _read_short(payload: bytes, position: int) -> tuple[str, int]:
    end = position + 1 + payload[position]
    return payload[position + 1 : end].decode("utf-8", "replace"), end


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


class ReceivedHeaders(Mapping[str, Any]):
    """A field table that is read when somebody asks for what may be in it.

    Most events are handled without a look at their headers.
    """

    __slots__ = ("_raw", "_table")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._table: dict[str, Any] | None = None

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value, or `default`."""
        return self._read().get(name, default) if name.encode() in self._raw else default

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> dict[str, Any]:
        if self._table is None:
            self._table = _read_table(self._raw)
        return self._table


def _read_table(raw: bytes) -> dict[str, Any]:
    """Return a field table; strings and numbers at once, the rest by pika."""
    position, table = 4, {}
    while position < len(raw):
        name_end = position + 1 + raw[position]
        kind = raw[name_end]
        if kind == 0x53:  # S, a long string
            start = name_end + 5
            value_end = start + _long.unpack_from(raw, name_end + 1)[0]
            value: Any = _text(raw[start:value_end])
        elif kind == 0x6C:  # l, a signed 64-bit number
            value_end = name_end + 9
            (value,) = _signed.unpack_from(raw, name_end + 1)
        else:
            return _any_table(raw)
        table[raw[position + 1 : name_end].decode("utf-8", "replace")] = value
        position = value_end
    return table


def _any_table(raw: bytes) -> dict[str, Any]:
    """Return a field table by pika's means; nothing of one with a value that Python lacks.

    Such as a date beyond the year 9999. An error here would end the connection, again and again
    as the message comes back.
    """
    try:
        table, _end = decode_table(raw, 0)
    except (AMQPError, OverflowError, RecursionError, ValueError):
        logger.warning("the headers of a message cannot be read and are left out")
        return {}
    return {
        name if isinstance(name, str) else name.decode(errors="replace"): value
        for name, value in table.items()
    }
