"""A message as a row keeps it, and back again: nothing is lost on the way. Pure.

JSON has no bytes, times or decimal numbers, which AMQP's headers do: each of them is an object
with the one key `$` and its kind.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from bus_core.message import Delivery, Message

_PROPERTIES = tuple(one.name for one in fields(Message) if one.name not in {"body", "headers"})


def properties_text(delivery: Delivery) -> str:
    """Return everything about a message but its body, as ASCII text."""
    message = delivery.message
    written = {name: getattr(message, name) for name in _PROPERTIES}
    return json.dumps(
        {
            "exchange": delivery.exchange,
            "routing_key": delivery.routing_key,
            "properties": {name: _told(value) for name, value in written.items()},
            "headers": {
                name: _told(value)
                for name, value in message.headers.items()
                if name != "x-delivery-count"  # how often it was looked at; no part of it
            },
        },
        sort_keys=True,
    )


def delivery_of(text: str, body: bytes | memoryview, queue: str = "") -> Delivery:
    """Return the message as it was delivered, from what `properties_text` returned."""
    kept = json.loads(text)
    properties = {name: _meant(value) for name, value in kept["properties"].items()}
    headers = {name: _meant(value) for name, value in kept["headers"].items()}
    return Delivery(
        message=Message(body=bytes(body), headers=headers, **properties),
        queue=queue,
        exchange=kept["exchange"],
        routing_key=kept["routing_key"],
    )


def fingerprint(text: str, body: bytes) -> str:
    """Return what tells a message from others that differ in anything."""
    digest = hashlib.sha256(text.encode())
    digest.update(body)
    return digest.hexdigest()


def _told(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    if isinstance(value, Mapping):
        inner = {str(key): _told(item) for key, item in value.items()}
        return {"$": "table", "is": inner} if "$" in inner else inner
    return _tagged(value)


def _tagged(value: Any) -> Any:
    match value:
        case bytes() | bytearray() | memoryview():
            return {"$": "bytes", "is": base64.b64encode(bytes(value)).decode()}
        case datetime():
            return {"$": "time", "is": value.isoformat()}
        case Decimal():
            return {"$": "decimal", "is": str(value)}
        case float():
            return {"$": "float", "is": value.hex()}
    return str(value)


def _meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_meant(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (kind := value.get("$")) in _READ:
        return _READ[kind](value["is"])
    return _table(value["is"] if kind == "table" else value)


def _table(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _meant(item) for key, item in value.items()}


_READ: Mapping[str | None, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "time": datetime.fromisoformat,
    "decimal": Decimal,
    "float": float.fromhex,
}
