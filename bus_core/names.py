"""The rule for names of event types and services; library, registry and API all ask here."""

import re
from functools import lru_cache

from bus_core.errors import InvalidName

SEPARATOR = "__"
# Two names and the longest role (`quarantine__T__S`) stay within AMQP's 255 bytes (short string).
MAX_LENGTH = 120

# `__` joins the parts of a broker name, so it may not arise inside a name or at its end.
PATTERN = r"[A-Za-z](?:[A-Za-z0-9.-]|_(?!_|$))*"
_NAME = re.compile(PATTERN)


def check_name(name: str, what: str = "name") -> str:
    """Return `name` if it may name an event type or a service.

    `what` is used in the error's sentence, for example "event type".

    Raises `InvalidName` with a sentence that says what to change.
    """
    if not isinstance(name, str) or not name:
        raise InvalidName(f"The {what} is missing.")
    if _is_valid(name):
        return name
    if len(name) > MAX_LENGTH:
        raise InvalidName(
            f"The {what} is {len(name)} characters long; at most {MAX_LENGTH} are allowed."
        )
    raise InvalidName(
        f"The {what} {name!r} is not valid: start with a letter, then use letters, digits, "
        "'.', '-' or single '_' (not '__', and not '_' at the end)."
    )


@lru_cache(maxsize=4096)  # asked several times for every event, about few names
def _is_valid(name: str) -> bool:
    return len(name) <= MAX_LENGTH and _NAME.fullmatch(name) is not None
