"""A user's name on the broker says for which virtual host it is; its address holds all it needs."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.core.checks import run_checks

from eventbus_admin.broker.users import connection_url, current_login, login_of, user_of

USER = "bus__meca-exporter__a"


@pytest.mark.parametrize(
    ("vhost", "login"),
    [("/", USER), ("events", f"{USER}@events"), ("a@b/c", f"{USER}@a@b/c")],
)
def test_the_name_is_read_back(vhost: str, login: str) -> None:
    assert login_of(USER, vhost) == login
    assert user_of(login, vhost) == USER


@pytest.mark.parametrize(
    ("login", "vhost"),
    [
        ("guest", "/"),
        ("guest@events", "events"),
        (USER, "events"),
        (f"{USER}@events", "/"),
        (f"{USER}@other", "events"),
        ("bus__meca-exporter__c@events", "events"),
        ("@events", "events"),
    ],
)
def test_what_is_named_otherwise_is_somebody_elses(login: str, vhost: str) -> None:
    assert user_of(login, vhost) is None


@pytest.fixture
def rabbitmq(settings: Any) -> Any:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://admin:hunter2@10.0.0.1/events"
    settings.EVENTBUS_PUBLIC_AMQP_URL = settings.EVENTBUS_AMQP_URL
    settings.EVENTBUS_MANAGEMENT_URL = "http://admin:hunter2@10.0.0.1"
    return settings


@pytest.mark.parametrize(
    "public",
    [
        "amqps://bus.example.org:5671/events?heartbeat=5",
        "amqp://admin:hunter2@bus.example.org/events",
        "amqp://one.example.org/events, amqp://two.example.org/events",
    ],
)
def test_the_address_has_the_login_and_nobody_elses(rabbitmq: Any, public: str) -> None:
    rabbitmq.EVENTBUS_PUBLIC_AMQP_URL = public
    url = connection_url(USER, "p/:@%")
    assert "hunter2" not in url
    for one, told in zip(url.split(","), public.split(","), strict=True):
        parts, asked = urlsplit(one), urlsplit(told.strip())
        assert unquote(parts.username or "") == current_login(USER) == f"{USER}@events"
        assert unquote(parts.password or "") == "p/:@%"
        assert parts.netloc.endswith(f"@{asked.netloc.rpartition('@')[2]}")
        assert (parts.scheme, parts.path, parts.query) == (asked.scheme, asked.path, asked.query)


def test_on_the_embedded_broker_everybody_has_one_address(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    assert connection_url(USER, "secret") == settings.EVENTBUS_BUS_URL
    assert current_login(USER) == USER


@pytest.mark.parametrize(
    ("public", "sentence"),
    [
        ("amqp://bus.example.org/other", "name different virtual hosts"),
        ("http://bus.example.org/events", "EVENTBUS_PUBLIC_AMQP_URL must begin with amqp://"),
    ],
)
def test_an_address_for_others_that_leads_elsewhere_is_found(
    rabbitmq: Any, public: str, sentence: str
) -> None:
    assert run_checks(tags=["broker"]) == []
    rabbitmq.EVENTBUS_PUBLIC_AMQP_URL = public
    (found,) = run_checks(tags=["broker"])
    assert found.id == "broker.E004"
    assert sentence in found.msg
