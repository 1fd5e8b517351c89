"""Filters that live in the address of a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from eventbus_admin.console.paging import PARAMETERS


@dataclass(frozen=True)
class Option:
    """One value that a list can be narrowed to; an empty value means all."""

    label: str
    value: str
    url: str
    current: bool
    count: int | None = None


def address(request: HttpRequest, /, **changes: str) -> str:
    """Return the page's address with these parameters changed, from its first row on."""
    query = request.GET.copy()
    for name in (*PARAMETERS, *changes):
        query.pop(name, None)
    for name, value in changes.items():
        if value:
            query[name] = value
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"?{query.urlencode()}" if query else request.path


def asked(request: HttpRequest, name: str) -> str:
    """Return what the address says about a filter, without blanks around it."""
    return request.GET.get(name, "").strip()


def options(
    request: HttpRequest,
    name: str,
    choices: Iterable[tuple[str, str]],
    *,
    everything: str = "All",
    counts: Mapping[str, int] | None = None,
) -> list[Option]:
    """Return the values that `name` may take, each with its address, `everything` first."""
    chosen = request.GET.get(name, "")
    return [
        Option(
            label=str(label),
            value=str(value),
            url=address(request, **{name: str(value)}),
            current=chosen == str(value),
            count=counts.get(str(value)) if counts is not None else None,
        )
        for value, label in (("", everything), *choices)
    ]


def tokens(
    request: HttpRequest, names: Iterable[tuple[str, str]], words: Mapping[str, str] | None = None
) -> list[Option]:
    """Return the filters that are set, each with the address that takes it off.

    `words` says how a value reads where it does not read well itself.
    """
    return [
        Option(
            label=f"{label}: {(words or {}).get(value, value)}",
            value=value,
            url=address(request, **{name: ""}),
            current=True,
        )
        for name, label in names
        if (value := request.GET.get(name, ""))
    ]
