"""What all of them have in common: unknown fields are errors, lists are asked for in one way."""

from collections.abc import Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from eventbus_admin.api.fields import Choice, Text

MAX_PAGE_SIZE = 500
PAGE_SIZE = 50
MAX_SEARCH = 200

S = TypeVar("S", bound="Strict")


class Strict(serializers.Serializer[Any]):
    """What somebody sends."""

    what = "field"
    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; what is not known is an error beside the others."""
        problems: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = ", ".join(self.fields) or "none"
            for name in data:
                if name not in self.fields:
                    message = f"There is no such {self.what}. Known: {known}."
                    problems[str(name)[:120]] = [ErrorDetail(message, "unknown_field")]
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            if isinstance(error.detail, dict):
                problems |= error.detail
            else:
                raise
        if problems:
            raise ValidationError(problems)
        return values

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """Return what was sent, checked; raises `ValidationError`."""
        serializer = cls(data=data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


class Parameters(Strict):
    """What an address may say after its question mark."""

    what = "parameter"


class ListParameters(Parameters):
    """What every list may be asked."""

    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE
    )
    cursor = Text(
        required=False,
        max_length=2000,
        help_text="From `next` or `previous` of an answer; take those addresses as they are.",
    )


class SearchParameters(ListParameters):
    """Of a list that can be searched."""

    search = Text(
        required=False,
        allow_blank=True,
        max_length=MAX_SEARCH,
        help_text="Every word of it must occur somewhere.",
    )


def ordering(*names: str) -> Choice:
    """Return the parameter that orders a list by one of these, downwards with a `-`."""
    choices = [choice for name in names for choice in (name, f"-{name}")]
    return Choice(choices, required=False, default=names[0])


class ProblemOut(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="For programs; it stays as it is.")
    message = serializers.CharField(help_text="For people: what is wrong and what to do.")
    field = serializers.CharField(allow_null=True, help_text="Where, when it is one field.")


class ErrorOut(ProblemOut):
    """Every refusal."""

    request_id = serializers.CharField(help_text="Also in the header X-Request-Id and the logs.")
    errors = ProblemOut(many=True, required=False, help_text="When several things are wrong.")  # type: ignore[assignment]


def page_of(serializer: type[serializers.Serializer[Any]], **more: Any) -> Any:
    """Return the serializer of a list's page, for the document."""
    name = serializer.__name__.removesuffix("Out")
    address = serializers.URLField(allow_null=True)
    return inline_serializer(
        f"{name}Page",
        {"next": address, "previous": address, **more, "results": serializer(many=True)},
    )
