"""Every page of a running console, found by following its links. No tests.

The URL configuration says which pages there are, so that none can be forgotten; what stands for
their parameters is taken from the first link that leads to each.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from django.urls import Resolver404, URLPattern, resolve

from eventbus_admin.console.urls import urlpatterns
from tests.harness.addresses import address
from tests.harness.lively_console import LivelyConsole

_LINK = re.compile(r'\b(?:href|hx-get)="(/[^"#]*)')
# So many things of a sort are looked at: not each leads to all that there is about it.
_TRIES = 4
# Stand for the parameters of a page that nothing links to, to see whether it only takes a POST.
_NONE = {
    "pk": "0",
    "name": "x",
    "service": "x",
    "event_type": "x",
    "event_id": "x",
    "prefix": "x",
    "slug": "x",
}
_NO_ID = "00000000-0000-0000-0000-000000000000"
# Parts of pages that are asked for while something goes on, and what needs a broker of some age.
_SELDOM = frozenset(
    {
        "rotation",
        "run-progress",
        "retry-run-progress",
        "operation-progress",
        "operation-replace",
    }
)


@dataclass(frozen=True)
class Found:
    """A page and its address; `fragment` is a part of one, that a page asks for."""

    name: str
    path: str
    fragment: bool


def pages_of(console: LivelyConsole) -> list[Found]:
    """Return an address of each page that one opens; fails if nothing leads to some page."""
    known: dict[str, Found] = {}
    for one in _walk(console):
        known.setdefault(one.name, one)
    unseen = [one for one in urlpatterns if one.name not in {*known, *_SELDOM}]
    missing = [one for one in unseen if _opens(console, one)]
    assert not missing, f"no link leads to {', '.join(str(one.name) for one in missing)}"
    return sorted(known.values(), key=lambda one: one.path)


def _walk(console: LivelyConsole) -> Iterator[Found]:
    plain = [f"/{one.pattern}" for one in urlpatterns if "<" not in str(one.pattern)]
    waiting, seen, asked = ["/", *plain], Counter[str](), set[str]()
    while waiting:
        path = waiting.pop(0)
        name = _name(path)
        if path in asked or not name or name == "logout" or seen[name] >= _TRIES:
            continue
        asked.add(path)
        seen[name] += 1
        answer = console.get(path)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            yield Found(name, path, "<!doctype" not in answer.text[:200].lower())
            waiting += [unescape(link) for link in _LINK.findall(answer.text)]


def _name(path: str) -> str:
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return ""
    return match.url_name or "" if match.app_names == ["console"] else ""


def _opens(console: LivelyConsole, pattern: URLPattern) -> bool:
    """Whether it is a page: what takes a POST only says so before it looks for anything."""
    samples = {**_NONE, "pk": _NO_ID} if "<uuid:" in str(pattern.pattern) else _NONE
    answer = console.get(address(pattern, samples))
    return "text/html" in answer.headers["Content-Type"] and answer.status_code in {200, 404}
