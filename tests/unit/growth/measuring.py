"""What pages cost the database, and whether that grows. No tests."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST = 40
"""A page that asks more often than this is too busy, however many rows there are."""


class Cost(NamedTuple):
    """What a page takes, and how long it is."""

    queries: int
    size: int


def queries(work: Callable[[], object]) -> int:
    """Return how many queries this takes."""
    with CaptureQueriesContext(connection) as caught:
        work()
    return len(caught)


def measured(ask: Callable[[str], Any], paths: Iterable[str]) -> dict[str, Cost]:
    """Return what each page costs; what only takes a POST, or is not this reader's, is left out."""
    found = {}
    for path in paths:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            answer = ask(path)
        if answer.status_code in {403, 405}:
            continue
        assert answer.status_code in {200, 301, 302}, f"{path} answers {answer.status_code}"
        found[path] = Cost(len(caught), len(answer.getvalue()))
    return found


def require_the_same(few: dict[str, Cost], many: dict[str, Cost]) -> None:
    """Fail with the pages that ask more often, and show what all of them take."""
    for path, cost in few.items():
        print(f"{cost.queries:3} queries  {path}")
    assert {path: cost.queries for path, cost in many.items()} == {
        path: cost.queries for path, cost in few.items()
    }
    assert {path: cost.queries for path, cost in few.items() if cost.queries > MOST} == {}


def require_rows(before: dict[str, Cost], after: dict[str, Cost]) -> None:
    """Fail with the lists that show no more than before: `rows.py` adds none of theirs."""
    assert [path for path in before if after[path].size < before[path].size * 1.1] == []
