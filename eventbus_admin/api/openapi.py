"""What the OpenAPI document says about the API as a whole; a setting, so nothing is imported."""

from typing import Any

PREFIX = "/api/v1/"
NAME_PATTERN = r"^[A-Za-z](?:[A-Za-z0-9.\-]|_(?!_|$))*$"

_DESCRIPTION = """
Services, event types and subscriptions of the event bus, and what flows between them.

Send `Authorization: Token <prefix>.<secret>`. Times are RFC 3339, UTC, with milliseconds. Names
are ids. Unknown fields and parameters are errors. Every error has the same shape, and
`request_id` leads to it in the logs; send `X-Request-Id` to choose it.
""".strip()

OPENAPI: dict[str, Any] = {
    "TITLE": "Event bus",
    "DESCRIPTION": _DESCRIPTION,
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": ["eventbus_admin.api.documenting.tidied"],
    "PATH_CONVERTER_OVERRIDES": {
        "name": {"type": "string", "pattern": NAME_PATTERN, "maxLength": 120},
    },
    "PREPROCESSING_HOOKS": ["eventbus_admin.api.documenting.only_ours"],
}
