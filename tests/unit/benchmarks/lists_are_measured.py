"""`python -m benchmarks lists` measures every list, and none of them asks the database often."""

import pytest

from benchmarks.lists import MOST_QUERIES, Line, measure, table

# They tell of everything at once and are no lists.
OVERVIEW = {"/", "/overview/live/", "/map/", "/map/live/", "/api/v1/map/"}


@pytest.mark.django_db
def test_no_list_asks_more_often_than_it_may() -> None:
    lines = measure(10, 60, times=1)

    paths = {line.path for line in lines}
    assert {"/subscriptions/", "/drift/", "/dead-letters/", "/api/v1/subscriptions/"} <= paths
    often = [line for line in lines if line.queries > MOST_QUERIES and line.path not in OVERVIEW]
    assert not often


def test_a_slow_page_is_marked_and_comes_first() -> None:
    quick = Line("/quick/", queries=3, few_ms=5.0, many_ms=6.0)
    slow = Line("/slow/", queries=3, few_ms=5.0, many_ms=11.0)
    _, first, second = table([quick, slow], 50, 5_000).splitlines()

    assert first.startswith("/slow/")
    assert first.endswith("2.20 ✗")
    assert second.endswith("1.20")
