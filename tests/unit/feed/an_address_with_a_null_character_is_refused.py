"""A filter that no event can pass is refused, and not with the code of a broken connection."""

import pytest

from eventbus_admin.feed.consumers import NO_FILTER
from tests.unit.feed.conftest import Page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "query", ["?type=%00", "?service=a%00b", "?text=%00", "?type=a\0b", "?x=%00&type=a"]
)
async def test_a_null_character(query: str, cookie: str) -> None:
    page = Page(query, cookie)
    assert await page.connect()
    assert await page.close_code() == NO_FILTER


async def test_what_is_no_text_at_all_is_looked_for_and_not_found(cookie: str) -> None:
    page = Page("?type=%ff&text=%ed%a0%80", cookie)
    assert (await page.open())["history"] == []
    await page.close()
