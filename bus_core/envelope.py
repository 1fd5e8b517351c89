"""The wire format: an event with its `meta` as UTF-8 JSON, and AMQP properties beside it.

Bodies are compatible, in both directions, with Libero's TypeScript event bus. The `ce-*` headers
are CloudEvents 1.0 attributes (`correlationid` and `causationid` are extension attributes).
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from bus_core.errors import InvalidEvent, InvalidName, UndecodableMessage
from bus_core.event import MAX_ID_BYTES, Event, short
from bus_core.message import Message

MAX_BODY_BYTES = 16 * 1024 * 1024
"""RabbitMQ 4 refuses larger messages unless told otherwise."""
CONTENT_TYPE = "application/json"
CAUSATION_HEADER = "ce-causationid"
_EXACT_SECONDS = 2**32
"""Up to here (the year 2106) a float of seconds tells microseconds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """How it went so far."""

    attempts: int = 0
    """Deliveries to a handler."""
    retries: int = 10
    """The budget."""
    failures: int = 0
    """Deliveries that failed."""


_FRESH = {"attempts": 0, "retries": 10, "failures": 0}
_FRESH_META = Meta()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded message; `document` is its whole JSON, keys unknown to us included."""

    event: Event
    meta: Meta
    document: dict[str, Any]


def encode(event: Event, *, service: str) -> Message:
    """Return the message that carries a new event of this service.

    Raises `InvalidEvent` when the payload is not JSON, or the message would be too large.
    """
    try:
        created = rfc3339(event.created)
    except OverflowError as error:
        raise InvalidEvent(f"the event's date cannot be written in UTC: {error}") from error
    document = {
        "event": {
            "id": event.id,
            "created": created,
            "eventType": event.type,
            "payload": event.payload,
        },
        "meta": _FRESH,
    }
    _check_id("id", event.id)
    _check_id("correlation id", event.correlation_id)
    headers = {
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-type": event.type,
        "ce-source": service,
        "ce-time": created,
    }
    if event.causation_id:
        _check_id("causation id", event.causation_id)
        headers[CAUSATION_HEADER] = event.causation_id
    body = _dump(document)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidEvent(f"the event is {len(body)} bytes long; {MAX_BODY_BYTES} are allowed")
    return Message(
        body=body,
        headers=headers,
        content_type=CONTENT_TYPE,
        message_id=event.id,
        type=event.type,
        app_id=service,
        correlation_id=event.correlation_id,
        timestamp=max(0, int(event.created.timestamp())),
    )


def decode(message: Message) -> Envelope:
    """Read an event; properties may be missing, unknown keys are kept.

    Raises `UndecodableMessage` with a sentence that says what is wrong.
    """
    try:
        document = orjson.loads(message.body)
    except orjson.JSONDecodeError as error:
        raise UndecodableMessage(f"the body is not JSON: {error}") from error
    fields = document.get("event") if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        raise UndecodableMessage("the body has no object 'event'")
    event_id = fields.get("id")
    event_type = fields.get("eventType")
    if not isinstance(event_id, str) or not event_id:
        raise UndecodableMessage("the event's 'id' is not a string")
    causation = message.headers.get(CAUSATION_HEADER)
    try:
        event = Event(
            event_type,  # type: ignore[arg-type]  # checked there
            fields.get("payload"),
            id=event_id,
            created=_created(fields.get("created"), message.timestamp),
            correlation_id=message.correlation_id or short(event_id),
            causation_id=causation if isinstance(causation, str) else "",
        )
    except InvalidName as error:
        raise UndecodableMessage(f"the event's 'eventType' is wrong: {error}") from error
    return Envelope(event, _meta(document.get("meta")), document)


def with_meta(envelope: Envelope, meta: Meta) -> bytes:
    """Return the body of a copy that differs in `meta` only."""
    known = {"attempts": meta.attempts, "retries": meta.retries, "failures": meta.failures}
    old = envelope.document.get("meta")
    extra = old if isinstance(old, dict) else {}
    return _dump({**envelope.document, "meta": {**extra, **known}})


def rfc3339(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC with milliseconds."""
    seconds = moment.timestamp()
    if not 0 <= seconds < _EXACT_SECONDS:
        written = moment.astimezone(UTC).isoformat(timespec="milliseconds")
        return written.replace("+00:00", "Z")
    return f"{_second(int(seconds))}.{moment.microsecond // 1000:03}Z"


def rfc3339_now() -> str:
    """Return this moment as RFC 3339 in UTC with milliseconds."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1_000_000:03}Z"


@lru_cache(maxsize=16)  # many events happen in the same second
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _check_id(what: str, value: str) -> None:
    if len(value) <= MAX_ID_BYTES and value.isascii():
        return
    try:
        length = len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidEvent(f"the event's {what} is not valid text: {error}") from error
    if length > MAX_ID_BYTES:
        raise InvalidEvent(f"the event's {what} is longer than {MAX_ID_BYTES} bytes")


def _dump(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError as error:
        raise InvalidEvent(f"the event cannot be written as JSON: {error}") from error


def _created(value: Any, timestamp: int | None) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                return moment.replace(tzinfo=UTC)
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise UndecodableMessage(f"the event's 'created' is not a date: {error}") from error
    if value is not None:
        raise UndecodableMessage("the event's 'created' is not a string")
    if timestamp:
        # Some programs count milliseconds, and end up far behind the last year there is.
        with suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(timestamp, UTC)
    return datetime.now(UTC)


def _meta(values: Any) -> Meta:
    if values == _FRESH or not isinstance(values, dict):
        return _FRESH_META
    numbers = {
        name: value
        for name in ("attempts", "retries", "failures")
        if isinstance(value := values.get(name), int) and 0 <= value <= 1_000_000
    }
    return Meta(**numbers)
