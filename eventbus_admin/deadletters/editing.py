"""Editing what a dead letter holds: the payload of an event, or all of what is none. Pure."""

import json

import orjson

from bus_core.envelope import MAX_BODY_BYTES, decode
from bus_core.errors import UndecodableMessage
from bus_core.message import Delivery, Message
from eventbus_admin.registry.errors import ActionError

MAX_EDITED = 256 * 1024
"""A larger one is not shown in full, so it cannot be edited here."""


def editable_text(delivery: Delivery) -> str | None:
    """Return what may be edited, or nothing when it is too large."""
    body = delivery.message.body
    if len(body) > MAX_EDITED:
        return None
    try:
        payload = decode(delivery.message).event.payload
    except UndecodableMessage:
        return body.decode(errors="replace")
    return json.dumps(payload, indent=2, ensure_ascii=False)


def edited_body(delivery: Delivery, text: str) -> bytes:
    """Return the body with what a person wrote instead; raises `ActionError`."""
    if len(text) > MAX_EDITED:
        raise _wrong(f"it is longer than {MAX_EDITED:,} characters")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _wrong(f"it is not JSON: {error}") from error
    try:
        envelope = decode(delivery.message)
    except UndecodableMessage:
        body = orjson.dumps(value)
    else:
        document = envelope.document
        body = orjson.dumps({**document, "event": {**document["event"], "payload": value}})
    try:
        decode(Message(body=body, headers=delivery.message.headers))
    except UndecodableMessage as error:
        raise _wrong(str(error)) from error
    if len(body) > MAX_BODY_BYTES:
        raise _wrong(f"the event is longer than {MAX_BODY_BYTES:,} bytes")
    return body


def _wrong(why: str) -> ActionError:
    return ActionError("invalid_body", f"This cannot be sent: {why}.", "body")
