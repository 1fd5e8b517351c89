"""Copies of an event that failed: the one that comes back later, the dead letter, and the one
with which a person gives it another chance.
"""

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bus_core.envelope import Envelope, Meta, decode, with_meta
from bus_core.errors import InvalidEvent, UndecodableMessage
from bus_core.message import Delivery, Message

# RabbitMQ's own notes on the original. Kept on a copy, they make 3.10 take the next dead-lettering
# for a cycle and drop the message silently.
_DROPPED = (
    "x-death",
    "x-first-death-queue",
    "x-first-death-reason",
    "x-first-death-exchange",
    "x-last-death-queue",
    "x-last-death-reason",
    "x-last-death-exchange",
    "x-delivery-count",
)
_ERROR_CHARACTERS = 4_000
_ALL_BUT_ONE = 999_999
"""More failures than any budget allows; one more is the most that is read."""

DEAD_PREFIX = "bus-dead-"
DEAD_REASON = "bus-dead-reason"
DEAD_QUEUE = "bus-dead-queue"
DEAD_ERROR = "bus-dead-error"
DEAD_ATTEMPTS = "bus-dead-attempts"
DEAD_AT = "bus-dead-at"
DEAD_WORKER = "bus-dead-worker"
DEAD_ID = "bus-dead-id"
"""Another one each time that an event gives up; the same however often that copy is delivered."""
_SAID = (DEAD_REASON, DEAD_QUEUE, DEAD_ERROR, DEAD_ATTEMPTS, DEAD_AT, DEAD_WORKER, DEAD_ID)


def retry_copy(delivery: Delivery, envelope: Envelope, meta: Meta) -> Message:
    """Return the copy that is handled again later.

    Raises `InvalidEvent` for an event that can be read but not written again.
    """
    return _copy(delivery.message, with_meta(envelope, meta), {})


def dead_letter(
    delivery: Delivery,
    envelope: Envelope | None,
    meta: Meta,
    *,
    reason: str,
    error: str,
    worker: str,
) -> Message:
    """Return the copy that waits for a person.

    A body that cannot be read, or not be written again, is kept to the byte. `reason` is one of
    `rejected`, `attempts`, `crashes`, `undecodable`.
    """
    body = delivery.message.body
    if envelope is not None:
        with suppress(InvalidEvent):
            body = with_meta(envelope, meta)
    return _copy(
        delivery.message,
        body,
        {
            DEAD_REASON: reason,
            DEAD_QUEUE: delivery.queue,
            DEAD_ERROR: error[:_ERROR_CHARACTERS],
            DEAD_ATTEMPTS: meta.attempts,
            DEAD_AT: int(time.time()),
            DEAD_WORKER: worker,
            DEAD_ID: uuid.uuid4().hex,
        },
    )


def another_chance(message: Message, *, once: bool = False) -> Message:
    """Return a dead letter as the event that it was, with its whole retry budget before it.

    Attempts and failures begin at 0: a person has decided that what went wrong is mended, and
    with the old counts one more failure would make it a dead letter again. The budget itself
    stays. With `once` its next failure is its last. A body that cannot be decoded is kept to the
    byte.
    """
    try:
        envelope = decode(message)
    except UndecodableMessage:
        body = message.body
    else:
        body = with_meta(
            envelope, replace(envelope.meta, attempts=0, failures=_ALL_BUT_ONE if once else 0)
        )
    headers = message.headers.items()
    alive = {name: value for name, value in headers if not name.startswith(DEAD_PREFIX)}
    return _copy(message.with_headers(alive), body, {})


def same(message: Message) -> Message:
    """Return a message as it is moved from one queue to another."""
    return _copy(message, message.body, {})


def same_letter(message: Message) -> Message:
    """Return a dead letter as it is moved; what the broker noted may be all that tells its story.

    The notes do no harm before it is retried, and a retry leaves them behind.
    """
    notes = {name: message.headers[name] for name in _DROPPED if name in message.headers}
    notes.pop("x-delivery-count", None)
    return _copy(message, message.body, notes)


def bare(letter: Message, delivery: Delivery) -> Message:
    """Return a dead letter with the body as it came and nothing else of the sender's."""
    said = {name: value for name, value in letter.headers.items() if name in _SAID}
    return Message(body=delivery.message.body, headers=said)


def _copy(message: Message, body: bytes, extra: Mapping[str, Any]) -> Message:
    kept = {name: value for name, value in message.headers.items() if name not in _DROPPED}
    return Message(
        body=body,
        headers={**kept, **extra},
        content_type=message.content_type,
        message_id=message.message_id,
        type=message.type,
        app_id=message.app_id,
        correlation_id=message.correlation_id,
        timestamp=message.timestamp,
    )
