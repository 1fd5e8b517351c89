"""Reading a request's body: JSON, bounded, and nothing that a database would refuse."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from eventbus_admin.api.errors import TooLarge

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64


class BoundedJSONParser(BaseParser):
    """Strict JSON of at most 1 MiB, nested at most 64 deep."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the body's value."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge(f"The body is longer than {MAX_BYTES:,} bytes.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.", "unreadable") from error
        if _deeper_than(MAX_DEPTH, value):
            raise ParseError(f"The body is nested more than {MAX_DEPTH} deep.", "unreadable")
        return value


def _deeper_than(depth: int, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(depth - 1, one) for one in inner)
