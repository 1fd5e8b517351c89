"""Only who signed in, on a page of ours, for as long as that holds."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

from eventbus_admin.accounts.models import User
from eventbus_admin.feed import consumers
from tests.unit.feed.conftest import Page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def test_nobody_in_particular_is_told_to_sign_in() -> None:
    page = Page()

    assert await page.connect()
    assert await page.close_code() == 4401


async def test_a_person_is_greeted_with_the_history(cookie: str) -> None:
    page = Page(cookie=cookie)

    assert await page.open() == {"kind": "hello", "history": [], "dropped": 0}
    await page.close()


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
async def test_a_page_of_another_site_is_refused(cookie: str, origin: str) -> None:
    assert not await Page(cookie=cookie, origin=origin).connect()


async def test_an_address_that_does_not_exist_is_refused(cookie: str) -> None:
    assert not await Page(cookie=cookie, path="/ws/nothing/").connect()


async def test_a_locked_account_is_told_to_sign_in(
    cookie: str, make_user: Callable[..., User]
) -> None:
    await sync_to_async(User.objects.update)(is_active=False)
    page = Page(cookie=cookie)

    assert await page.connect()
    assert await page.close_code() == 4401


async def test_whoever_signs_out_is_sent_away(cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "SIGNED_IN_SECONDS", 0.05)
    page = Page(cookie=cookie)
    await page.open()

    await sync_to_async(Session.objects.all().delete)()
    assert await page.close_code() == 4401
