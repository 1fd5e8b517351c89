"""Reports: what workers tell the admin about themselves and about the events they handled."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from bus_core.errors import UndecodableMessage
from bus_core.message import Message

ANNOUNCEMENT_TYPE = "bus.announcement"
RECEIPTS_TYPE = "bus.receipts"
OUTCOMES = ("handled", "retried", "dead", "returned")


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """A worker says that it lives; sent at its start, every 30 s and at its end."""

    service: str
    worker: str
    """Unique id of the process's bus: `host/pid/random`."""
    host: str
    pid: int
    version: str
    subscriptions: tuple[str, ...]
    """Event types that it consumes now."""
    paused: tuple[str, ...] = ()
    started: str = ""
    """RFC 3339, UTC."""
    leaving: bool = False


# Not frozen, because that makes them twice as slow to build, one for every event.
@dataclass(kw_only=True, slots=True)
class Receipt:
    """What became of one delivery of an event."""

    event_id: str
    event_type: str
    service: str
    outcome: str
    """`handled`, `retried`, `dead` or `returned`."""
    attempts: int
    ms: float
    """How long the handler ran, in milliseconds."""
    at: str
    """RFC 3339, UTC."""
    worker: str
    error: str = ""


def encode_announcement(announcement: Announcement) -> Message:
    """Return the message for the reports exchange."""
    return _message(ANNOUNCEMENT_TYPE, announcement.service, asdict(announcement))


def encode_receipts(service: str, receipts: Iterable[Receipt]) -> Message:
    """Return one message for many receipts."""
    return _message(RECEIPTS_TYPE, service, {"receipts": list(receipts)})


def decode_report(message: Message) -> Announcement | list[Receipt]:
    """Read a message of the reports exchange; raises `UndecodableMessage`."""
    try:
        document = orjson.loads(message.body)
        if message.type == ANNOUNCEMENT_TYPE:
            lists = {name: tuple(document[name]) for name in ("subscriptions", "paused")}
            return Announcement(**{**document, **lists})
        if message.type == RECEIPTS_TYPE:
            return [Receipt(**one) for one in document["receipts"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UndecodableMessage(f"not a report: {error}") from error
    raise UndecodableMessage(f"not a report: unknown type {message.type!r}")


def _message(kind: str, service: str, document: Mapping[str, Any]) -> Message:
    return Message(
        body=orjson.dumps(document),
        content_type="application/json",
        type=kind,
        app_id=service,
        persistent=False,
    )
