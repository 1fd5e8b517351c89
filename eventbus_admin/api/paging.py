"""Keyset pages: a cursor remembers the row at a page's edge, so lists stay quick and steady."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

M = TypeVar("M", bound=Model)

Orderings = Mapping[str, Sequence[str]]
"""What a list can be ordered by: each name with the fields that tell its rows apart."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins, and in which direction it goes."""

    ordering: str
    backwards: bool
    values: list[str]

    def __str__(self) -> str:
        text = json.dumps([self.ordering, self.backwards, *self.values], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read it back; raises `ValueError`."""
        padded = text + "=" * (-len(text) % 4)
        match json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)):
            case [str(ordering), bool(backwards), *values] if all(map(_is_clean, values)):
                return cls(ordering, backwards, values)
        raise ValueError("not a cursor")


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows, and the addresses of the pages beside them."""

    rows: list[M]
    next: str | None
    previous: str | None


def keyset_page(
    queryset: QuerySet[M], request: Request, wanted: Mapping[str, Any], orderings: Orderings
) -> Page[M]:
    """Return the page that `wanted` (`page_size`, `cursor`, `ordering`) asks for.

    Raises `ValidationError` for a cursor that is not of this list and ordering.
    """
    ordering = wanted.get("ordering") or next(iter(orderings))
    keys = orderings[ordering.lstrip("-")]
    cursor = _cursor(queryset, wanted.get("cursor"), ordering, keys)
    backwards = cursor is not None and cursor.backwards
    upwards = ordering.startswith("-") == backwards
    if cursor is not None:
        queryset = queryset.filter(_beyond(keys, cursor.values, "gt" if upwards else "lt"))
    size = wanted["page_size"]
    signs = "" if upwards else "-"
    found = list(queryset.order_by(*(signs + key for key in keys))[: size + 1])
    more = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    has_next = cursor is not None if backwards else more
    has_previous = more if backwards else cursor is not None
    return Page(
        rows=rows,
        next=_address(request, ordering, keys, rows[-1], backwards=False)
        if rows and has_next
        else None,
        previous=_address(request, ordering, keys, rows[0], backwards=True)
        if rows and has_previous
        else None,
    )


def _cursor(
    queryset: QuerySet[M], text: str | None, ordering: str, keys: Sequence[str]
) -> Cursor | None:
    if not text:
        return None
    try:
        cursor = Cursor.read(text)
        fits = cursor.ordering == ordering
        for key, value in zip(keys, cursor.values, strict=True):
            _field(queryset.model, key).to_python(value)
    except (ValueError, ValidationError, binascii.Error, RecursionError, OverflowError):
        fits = False
    if not fits:
        raise exceptions.ValidationError(
            {"cursor": ["This cursor is not of this list. Begin again without it."]},
            "invalid_cursor",
        )
    return cursor


def _field(model: type[Model], path: str) -> "Field[Any, Any]":
    name, _, rest = path.partition("__")
    field = model._meta.get_field(name)
    if rest:
        related = field.related_model
        if not isinstance(related, type):
            raise FieldDoesNotExist(path)
        return _field(related, rest)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(path)
    return field


def _beyond(keys: Sequence[str], values: Sequence[str], comparison: str) -> Q:
    condition = Q()
    for last, key in enumerate(keys):
        same = dict(zip(keys[:last], values[:last], strict=True))
        condition |= Q(**same, **{f"{key}__{comparison}": values[last]})
    return condition


def _address(
    request: Request, ordering: str, keys: Sequence[str], row: Model, *, backwards: bool
) -> str:
    values = [_written(attrgetter(key.replace("__", "."))(row)) for key in keys]
    here = remove_query_param(request.build_absolute_uri(), "cursor")
    address: str = replace_query_param(here, "cursor", str(Cursor(ordering, backwards, values)))
    return address


def _is_clean(value: Any) -> bool:
    """Whether it is text that every database can be asked for."""
    return isinstance(value, str) and "\0" not in value and value.isprintable()


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
