"""From a message on the broker to a journal entry; pure."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bus_core.envelope import CAUSATION_HEADER, Envelope, decode
from bus_core.errors import UndecodableMessage
from bus_core.message import Message
from bus_core.topology import parse_name
from eventbus_admin.journal.models import JournalEntry

MAX_ID = 255
MAX_NAME = 120
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_HEADERS = 64
MAX_HEADER_CHARS = 1024
MAX_DEPTH = 64
NOTE = "eventbus-journal"
"""Header under which the journal says what it could not keep; a sentence."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the tap saw it."""

    message: Message
    exchange: str
    at: datetime


def entry_of(seen: Seen) -> JournalEntry:
    """Return the unsaved entry of a message; one that is no event is kept as far as it goes."""
    try:
        envelope = decode(seen.message)
        return _entry_of_event(seen, envelope)
    except (UndecodableMessage, ValueError, OverflowError, OSError, RecursionError) as error:
        # What a message holds is up to whoever sent it: whatever is wrong with it is said.
        return _entry_of_something(seen, error)


def journal_id(event_id: str) -> str:
    """Return an event's id as the journal keeps it: any string becomes one of at most 255."""
    clean = event_id.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if len(clean) <= MAX_ID:
        return clean
    digest = hashlib.sha256(event_id.encode(errors="replace")).hexdigest()
    return f"{clean[: MAX_ID - 65]}~{digest}"


def keepable(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value as JSON that every database takes: no NUL, no bytes, no endless nesting."""
    if isinstance(value, Mapping | list | tuple) and depth <= 0:
        return "…"
    if isinstance(value, Mapping):
        return {_as_text(key): keepable(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [keepable(item, depth - 1) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return _as_text(value)


def _entry_of_event(seen: Seen, envelope: Envelope) -> JournalEntry:
    message, event = seen.message, envelope.event
    headers = _headers(message)
    payload = None
    if len(message.body) <= MAX_PAYLOAD_BYTES:
        payload = keepable(event.payload)
    else:
        headers[NOTE] = f"The payload is not kept: the message is {len(message.body):,} bytes long."
    return JournalEntry(
        event_id=journal_id(event.id),
        type=event.type,
        source=_source(message),
        correlation_id=journal_id(event.correlation_id),
        causation_id=journal_id(event.causation_id or ""),
        created=event.created,
        seen=seen.at,
        payload=payload,
        headers=headers,
    )


def _entry_of_something(seen: Seen, error: Exception) -> JournalEntry:
    message = seen.message
    event_id = message.message_id or f"unreadable_{hashlib.sha256(message.body).hexdigest()}"
    sent = message.timestamp
    headers = _headers(message)
    headers[NOTE] = f"This is not an event: {error}."[:MAX_HEADER_CHARS]
    try:
        created = datetime.fromtimestamp(sent, UTC) if sent else seen.at
    except (ValueError, OverflowError, OSError):
        created = seen.at
    name = parse_name(seen.exchange)
    return JournalEntry(
        event_id=journal_id(event_id),
        type=((name and name.event_type) or message.type or "")[:MAX_NAME],
        source=_source(message),
        correlation_id=journal_id(message.correlation_id or event_id),
        causation_id=journal_id(_as_text(message.headers.get(CAUSATION_HEADER) or "")),
        created=created,
        seen=seen.at,
        payload=keepable(message.body[:MAX_HEADER_CHARS]),
        headers=headers,
    )


def _source(message: Message) -> str:
    return (message.app_id or "").replace("\x00", "")[:MAX_NAME]


def _headers(message: Message) -> dict[str, Any]:
    kept = list(message.headers.items())[:MAX_HEADERS]
    return {_as_text(name): _short(keepable(value)) for name, value in kept if name != NOTE}


def _short(value: Any) -> Any:
    if isinstance(value, str | list | dict) and len(str(value)) > MAX_HEADER_CHARS:
        return f"{str(value)[:MAX_HEADER_CHARS]}…"
    return value


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    elif isinstance(value, date):
        value = value.isoformat()
    return str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}")
