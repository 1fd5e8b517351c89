"""Fields that take a value as it is written, and do not guess what was meant."""

import re
from datetime import datetime
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bus_core.envelope import rfc3339
from eventbus_admin.api.openapi import NAME_PATTERN

_is_name = RegexValidator(
    re.compile(NAME_PATTERN),
    "This is no name: letters, digits, dots, hyphens and single underscores, a letter first.",
    "invalid_name",
)


class Text(serializers.CharField):
    """A string; a number is none."""

    def __init__(self, *, allow_blank: bool = False, **kwargs: Any) -> None:
        least = 0 if allow_blank else 1
        super().__init__(allow_blank=allow_blank, min_length=least, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return it without spaces around it."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Name(Text):
    """Name of an event type or a service."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=120, validators=[_is_name], **kwargs)


class Number(serializers.IntegerField):
    """A whole number; neither a string nor a yes or no is one."""

    def to_internal_value(self, data: Any) -> int:
        """Return it."""
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return int(super().to_internal_value(int(data)))


class Flag(serializers.BooleanField):
    """True or false, and nothing that could be meant for either."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """One of some words."""

    def to_internal_value(self, data: Any) -> Any:
        """Return it."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.DateTimeField):
    """A time, RFC 3339; written in UTC with milliseconds."""

    def to_representation(self, value: datetime | None) -> str | None:  # type: ignore[override]
        """Write it."""
        return None if value is None else rfc3339(value)

    def to_internal_value(self, value: Any) -> datetime:
        """Read it."""
        if not isinstance(value, str):
            self.fail("invalid", format="2026-11-23T18:39:11.034Z")
        return super().to_internal_value(value)


@extend_schema_field({})
class Json(serializers.JSONField):
    """Any JSON value."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObject(serializers.JSONField):
    """A JSON object."""

    def to_internal_value(self, data: Any) -> Any:
        """Return it."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be a JSON object.", "invalid")
        return super().to_internal_value(data)
