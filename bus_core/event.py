"""`Event`: something that happened."""

import os
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bus_core.names import check_name

MAX_ID_BYTES = 255
_set = object.__setattr__
_NAMESPACE = uuid.UUID("6f2d7f0e-9f43-5c0a-8d6e-0b7c6f5f3a11")


# RFC 9562, section 5.4: four bits say the version and two the variant, the others are random.
_VERSION_4 = 0x4 << 76 | 0x2 << 62
_RANDOM_BITS = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


def _uuid4() -> str:
    """As `str(uuid.uuid4())`, at half its price: every event has one."""
    digits = f"{int.from_bytes(os.urandom(16)) & _RANDOM_BITS | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, to be told to whoever cares.

    `type` names the kind of event, `payload` is any JSON value. The rest is filled in: `id`,
    `created` (UTC, milliseconds), `correlation_id` (the story it belongs to; a story is named
    after its first event) and `causation_id` (the event that caused it).

    An event made inside a handler continues the story of the event being handled, and its id
    follows from that event: a handler that runs again makes the same events again, not new ones.

    Raises `InvalidName` when `type` is not a valid name.
    """

    type: str
    payload: Any = None
    id: str = ""
    created: datetime = field(default_factory=_now)
    correlation_id: str = ""
    causation_id: str | None = None

    def __post_init__(self) -> None:
        check_name(self.type, "event type")
        cause = handling.get()
        if not self.id:
            own = cause.next_id(self.type) if cause else f"{self.type}_{_uuid4()}"
            _set(self, "id", own)
        if not self.correlation_id:
            story = cause.event.correlation_id if cause else short(self.id)
            _set(self, "correlation_id", story)
        if self.causation_id == "":
            _set(self, "causation_id", None)  # read from the wire, where it had none
        elif self.causation_id is None and cause and cause.event.id != self.id:
            _set(self, "causation_id", short(cause.event.id))

    def caused(self) -> "Event":
        """Return the event as a consequence of the one being handled, if it was made elsewhere."""
        cause = handling.get()
        made_here = self.causation_id is not None or self.correlation_id != self.id
        if cause is None or made_here or cause.event.id == self.id:
            return self
        return replace(self, correlation_id=cause.event.correlation_id, causation_id=cause.event.id)


def short(identifier: str) -> str:
    """Return an id that AMQP can carry: others' ids may be of any length, ours refer to them."""
    if len(identifier) <= MAX_ID_BYTES // 4:  # a character has four bytes at most
        return identifier
    if len(identifier.encode(errors="replace")) <= MAX_ID_BYTES:
        return identifier
    return str(uuid.uuid5(_NAMESPACE, identifier))


class Handling:
    """The event that is being handled on this thread or task, as the cause of others."""

    __slots__ = ("_made", "event", "service")

    def __init__(self, event: Event, service: str) -> None:
        self.event = event
        self.service = service
        self._made: dict[str, int] = {}

    def next_id(self, event_type: str) -> str:
        """Return the id of the next event of this type that the handler makes."""
        ordinal = self._made[event_type] = self._made.get(event_type, 0) + 1
        origin = f"{self.event.id}|{self.service}|{event_type}|{ordinal}"
        return f"{event_type}_{uuid.uuid5(_NAMESPACE, origin)}"


handling: ContextVar[Handling | None] = ContextVar("bus_core_handling", default=None)
