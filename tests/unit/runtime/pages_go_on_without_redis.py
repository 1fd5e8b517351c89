"""Redis may be away: pages and API answer, and use it again when it is back."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from eventbus_admin import cache as ours
from eventbus_admin.accounts.models import User
from tests.harness.redis import RedisServer


@pytest.fixture(autouse=True)
def _cache_in_redis(redis: RedisServer) -> Iterator[None]:
    kept = {
        "BACKEND": "eventbus_admin.cache.OptionalRedisCache",
        "LOCATION": redis.url,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    with override_settings(CACHES={"default": kept}):
        yield


@pytest.mark.django_db
def test_pages_and_endpoints_answer_while_it_is_away(operator: User, redis: RedisServer) -> None:
    browser = Client()
    browser.force_login(operator)
    redis.kill()
    for path in ("/", "/event-types/", "/subscriptions/", "/api/v1/subscriptions/"):
        assert browser.get(path).status_code == 200, path
    assert Client().get("/api/v1/subscriptions/").status_code == 401


def test_it_is_used_again_when_it_is_back(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "REST_SECONDS", 0)
    cache.set("colour", "green")
    redis.kill()
    assert cache.get("colour", "none") == "none"
    redis.start()
    cache.set("colour", "blue")
    assert cache.get("colour") == "blue"


def test_limits_hold_while_it_answers(redis: RedisServer) -> None:
    assert cache.add("number", 1)
    assert not cache.add("number", 1)
    assert cache.incr("number") == 2
    assert settings.CACHES["default"]["LOCATION"] == redis.url
