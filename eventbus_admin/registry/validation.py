"""What the registry accepts; each function returns the value or raises `ActionError`."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator, validate_email

from bus_core.errors import InvalidName
from bus_core.names import check_name
from bus_core.retry import RetryPolicy
from bus_core.topology import QueueKind
from eventbus_admin.registry.errors import ActionError

E = TypeVar("E", bound=StrEnum)

MAX_CONTACT = 254
MAX_PREFETCH = 10_000
MAX_CONCURRENCY = 256


def valid_name(name: str, what: str) -> str:
    """Return a name that follows the bus's rule; `what` is "service name" or "event type"."""
    try:
        return check_name(name, what)
    except InvalidName as error:
        raise ActionError("invalid_name", str(error), "name") from error


def valid_text(text: str, field: str = "description") -> str:
    """Return text that every database can store."""
    if "\0" in text:
        raise ActionError("invalid_text", f"The {field} holds a null character; remove it.", field)
    return text.strip()


def valid_contact(contact: str) -> str:
    """Return an e-mail address, or nothing."""
    contact = contact.strip()
    try:
        if contact:
            MaxLengthValidator(MAX_CONTACT)(contact)
            validate_email(contact)
    except ValidationError as error:
        raise ActionError(
            "invalid_contact", f"{contact!r} is not an e-mail address.", "contact"
        ) from error
    return contact


def valid_example(example: Any) -> Any:
    """Return an example payload as plain JSON values."""
    try:
        text = json.dumps(example, cls=DjangoJSONEncoder, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ActionError(
            "invalid_example", f"The example is not JSON: {error}.", "example"
        ) from error
    if "\\u0000" in text:
        raise ActionError(
            "invalid_example", "The example holds a null character; remove it.", "example"
        )
    return json.loads(text)


def valid_choice(options: type[E], value: E | str, field: str) -> E:
    """Return the value as one of an enumeration's options."""
    try:
        return options(value)
    except ValueError as error:
        raise ActionError(
            f"invalid_{field}",
            f"{value!r} is not a {field}; choose {', '.join(options)}.",
            field,
        ) from error


def valid_attempts(attempts: int) -> int:
    """Return how often an event may be delivered to its handler."""
    try:
        return RetryPolicy(attempts=attempts).attempts
    except ValueError as error:
        raise _invalid_retry(error, "retry_attempts") from error


def valid_delays(delays_ms: Sequence[int], in_use: Sequence[int] = ()) -> list[int]:
    """Return retry delays that are steps of the bus's ladder.

    Delays `in_use` stay possible when the ladder has changed since.
    """
    ladder = settings.EVENTBUS_RETRY_DELAYS_MS
    if strange := [delay for delay in delays_ms if delay not in {*ladder, *in_use}]:
        raise ActionError(
            "invalid_retry",
            f"{_listed(strange)} ms is not on this bus's ladder of retry delays: choose from "
            f"{_listed(ladder)} ms.",
            "retry_delays_ms",
        )
    try:
        return list(RetryPolicy(delays_ms=tuple(delays_ms)).delays_ms)
    except ValueError as error:
        raise _invalid_retry(error, "retry_delays_ms") from error


def valid_prefetch(prefetch: int | None, kind: QueueKind) -> int | None:
    """Return how many events a worker holds at a time; nothing leaves it to its code."""
    return _valid_width("prefetch", prefetch, MAX_PREFETCH, kind)


def valid_concurrency(concurrency: int | None, kind: QueueKind) -> int | None:
    """Return how many events a worker handles at once; nothing leaves it to its code."""
    return _valid_width("concurrency", concurrency, MAX_CONCURRENCY, kind)


def _valid_width(field: str, number: int | None, most: int, kind: QueueKind) -> int | None:
    if number is None:
        return None
    if not 1 <= number <= most:
        raise ActionError(f"invalid_{field}", f"The {field} must be between 1 and {most}.", field)
    if kind is QueueKind.ORDERED and number != 1:
        raise ActionError(
            f"invalid_{field}",
            f"An ordered subscription handles one event at a time: its {field} is 1 or empty.",
            field,
        )
    return number


def _invalid_retry(error: ValueError, field: str) -> ActionError:
    return ActionError("invalid_retry", f"{str(error).capitalize()}.", field)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
