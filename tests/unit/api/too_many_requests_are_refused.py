"""Who asks too often in a minute is told when to come again; others do not notice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.api import throttling
from tests.unit.api.conftest import API, Program

Caller = Callable[..., Program]


class Clock:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = 1_000_000 * 60.0 + 15

    def time(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    """Three requests a minute for whoever is known, two for an unknown address."""
    settings.EVENTBUS_API_RATE = 3
    settings.EVENTBUS_API_ANONYMOUS_RATE = 2
    clock = Clock()
    monkeypatch.setattr(throttling, "time", clock)
    return clock


def statuses(get: Callable[[], Any], number: int) -> list[int]:
    return [get().status_code for _ in range(number)]


def test_a_token_has_its_own_count(clock: Clock, operator: User, program: Caller) -> None:
    first, second = program(operator), program(operator)

    assert statuses(lambda: first.get("services/"), 5) == [200, 200, 200, 429, 429]
    refused = first.get("services/")
    assert refused["Retry-After"] == "46"
    assert refused.json()["code"] == "throttled"
    assert second.get("services/").status_code == 200

    clock.now += 46
    assert first.get("services/").status_code == 200


def test_a_person_who_signed_in_has_one(operator: User) -> None:
    browser = Client()
    browser.force_login(operator)
    assert statuses(lambda: browser.get(f"{API}/services/"), 4) == [200, 200, 200, 429]


@pytest.mark.django_db
def test_an_address_has_one_for_all_that_is_anonymous() -> None:
    assert statuses(lambda: Program().get("schema/"), 2) == [200, 200]
    assert Program().get("services/").status_code == 429


def test_guessing_tokens_counts(
    operator: User, make_token: Callable[..., tuple[ApiToken, str]]
) -> None:
    prefix = make_token(operator)[0].prefix
    guesses = [Program(f"{prefix}.guess-{number}") for number in range(4)]
    found = [guess.get("services/").status_code for guess in guesses]
    assert found == [401, 401, 429, 429]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behind_proxy", "expected"), [(False, [401, 401, 429]), (True, [401] * 3)]
)
def test_only_our_own_proxy_says_who_asks(
    behind_proxy: bool, expected: list[int], settings: Any
) -> None:
    settings.PUBLIC_HTTPS = behind_proxy
    settings.SECURE_SSL_REDIRECT = False
    found = [
        Program().get("services/", X_Forwarded_For=f"6.6.6.6, 10.0.0.{number}").status_code
        for number in range(3)
    ]
    assert found == expected
