"""Keyset pages: a page begins after a row, so a list stays quick however long it is."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

SIZE = 50
PARAMETERS = ("after", "before")
_NUMBERS = {"id", "pk", "newest"}

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows and the addresses of the pages beside them."""

    rows: list[M]
    previous: str | None
    following: str | None


def head(rows: QuerySet[M], most: int = 100) -> tuple[list[M], bool]:
    """Return the first rows and whether there are more, for the lists within a page."""
    found = list(rows[: most + 1])
    return found[:most], len(found) > most


def keyset_page(
    queryset: QuerySet[M],
    request: HttpRequest,
    keys: Sequence[str],
    *,
    descending: bool = False,
    size: int = SIZE,
) -> Page[M]:
    """Return the page that the request's `after` or `before` asks for.

    `keys` are fields that together order the rows and tell them apart.
    """
    backwards = "before" in request.GET
    cursor = request.GET.get("before" if backwards else "after")
    upwards = backwards == descending
    if cursor and (values := _values(cursor, keys)):
        # A cursor that somebody made up leads to the first page.
        with suppress(ValidationError):
            queryset = queryset.filter(_beyond(keys, values, "gt" if upwards else "lt"))
    signs = "" if upwards else "-"
    found = list(queryset.order_by(*(signs + key for key in keys))[: size + 1])
    more = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    has_previous = more if backwards else bool(cursor)
    has_following = bool(cursor) if backwards else more
    return Page(
        rows=rows,
        previous=_address(request, "before", rows[0], keys) if rows and has_previous else None,
        following=_address(request, "after", rows[-1], keys) if rows and has_following else None,
    )


def _values(cursor: str, keys: Sequence[str]) -> list[str] | None:
    values = cursor.split("/")
    if len(values) != len(keys) or (keys[-1] in _NUMBERS and not values[-1].isdecimal()):
        return None
    return values


def _beyond(keys: Sequence[str], values: Sequence[str], comparison: str) -> Q:
    condition = Q()
    for last, key in enumerate(keys):
        same = dict(zip(keys[:last], values[:last], strict=True))
        condition |= Q(**same, **{f"{key}__{comparison}": values[last]})
    return condition


def _address(request: HttpRequest, name: str, row: Any, keys: Sequence[str]) -> str:
    query = request.GET.copy()
    for parameter in PARAMETERS:
        query.pop(parameter, None)
    query[name] = "/".join(str(attrgetter(key.replace("__", "."))(row)) for key in keys)
    return f"?{query.urlencode(safe='/')}"
