"""Mistakes in the broker's URLs are found before anything is called."""

from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from eventbus_admin.broker.address import ManagementAddress, management_address, vhost_of
from tests.harness.ports import free_port


@pytest.mark.parametrize(
    ("url", "vhost"),
    [
        ("amqp://h", "/"),
        ("amqp://h/", "/"),
        ("amqp://u:p@h:5672/%2F", "/"),
        ("amqps://u:p@h/bus", "bus"),
        ("amqp://u:p@h/a%2Fb%20c", "a/b c"),
        ("amqp://u:p@h1/bus, amqp://u:p@h2/bus", "bus"),
        ("amqp://u:p@h/bus?heartbeat=5", "bus"),
    ],
)
def test_the_virtual_host_is_the_path(url: str, vhost: str) -> None:
    assert vhost_of(url) == vhost


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "must begin with amqp:// or amqps://"),
        ("http://u:hunter2@h/", "must begin with amqp:// or amqps://"),
        ("amqp:///bus", "names no host"),
        ("amqp://u:hunter2@h:port/", "cannot be read"),
        ("amqp://u:hunter2@h:99999/", "cannot be read"),
        ("amqp://u:hunter2@[h/", "cannot be read"),
        ("amqp://u:hunter2@h/a/b", "Write it as %2F"),
        ("amqp://h1/a,amqp://h2/b", "several virtual hosts"),
    ],
)
def test_a_wrong_amqp_url_says_what_to_write(url: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        vhost_of(url)
    assert str(caught.value).startswith("EVENTBUS_AMQP_URL ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_login_is_taken_out_of_the_management_url() -> None:
    found = management_address("https://us%40er:p%3A%2F@h:15671/rabbit/")
    assert found == ManagementAddress(
        base_url="https://h:15671/rabbit", username="us@er", password="p:/"
    )
    assert "p:/" not in repr(found)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "must begin with http:// or https://"),
        ("amqp://u:hunter2@h", "must begin with http:// or https://"),
        ("http://u:hunter2@:15672", "names no host"),
        ("http://u:hunter2@h:x", "cannot be read"),
        ("http://h:15672", "has no login"),
        ("http://u@h:15672", "has no login"),
    ],
)
def test_a_wrong_management_url_says_what_to_write(url: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        management_address(url)
    assert str(caught.value).startswith("EVENTBUS_MANAGEMENT_URL ")
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_check_finds_both_mistakes(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "h:5672"
    settings.EVENTBUS_MANAGEMENT_URL = "h:15672"
    assert {one.id for one in run_checks(tags=["broker"])} == {"broker.E001", "broker.E002"}


def test_the_embedded_broker_needs_no_urls(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    settings.EVENTBUS_AMQP_URL = settings.EVENTBUS_MANAGEMENT_URL = ""
    assert run_checks(tags=["broker"]) == []


@pytest.fixture
def absent(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://u:p@127.0.0.1/"
    settings.EVENTBUS_MANAGEMENT_URL = f"http://u:p@127.0.0.1:{free_port()}"


@pytest.fixture(autouse=True)
def _forget_live_check() -> Any:
    """The command registers a check for the rest of its process, which here is the tests'."""
    from django.core.checks.registry import registry

    known = set(registry.registered_checks)
    yield
    registry.registered_checks = known


@pytest.mark.usefixtures("absent")
def test_an_absent_broker_is_no_static_mistake() -> None:
    assert run_checks(tags=["broker"]) == []
    call_command("check", stdout=StringIO())


@pytest.mark.usefixtures("absent")
def test_asking_for_the_brokers_tag_asks_the_broker() -> None:
    with pytest.raises(SystemCheckError, match="cannot be reached") as caught:
        call_command("check", tags=["broker"], stdout=StringIO())
    assert "u:p" not in str(caught.value)


def test_asking_for_the_tag_under_mock_says_where_the_broker_lives(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    said = StringIO()
    call_command("check", tags=["broker"], stdout=said, stderr=said)
    assert "lives inside the server's process" in said.getvalue()
