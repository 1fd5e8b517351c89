"""A rotation on the service's page: begun, watched, ended or cancelled, and late ones told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.console.views import credentials
from eventbus_admin.reconcile.models import CredentialUse
from eventbus_admin.registry.models import Credential, Service
from tests.unit.console.no_page_has_inline_script_or_style import inline_parts

PAGE = "/services/meca-exporter/"
ROTATION = f"{PAGE}rotation/"
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _on_rabbitmq(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(credentials, "wait_until_applied", lambda _revision: False)
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://admin:hunter2@10.0.0.1/events"
    settings.EVENTBUS_PUBLIC_AMQP_URL = "amqps://bus.example.org/events"


@pytest.fixture
def service(make_rotation: Callable[[str], Service]) -> Service:
    return make_rotation("meca-exporter")


def used(slot: str, connections: int, *, ever: bool = True) -> None:
    one = Credential.objects.get(slot=slot)
    now = timezone.now()
    CredentialUse.objects.update_or_create(
        credential=one,
        defaults={
            "issued": one.issued,
            "connections": connections,
            "hosts": ["10.0.0.5"] * bool(connections),
            "since": now,
            "ever": ever,
            "observed_at": now,
        },
    )


def live() -> set[str]:
    return {one.slot for one in Credential.objects.live()}


def test_it_is_begun_on_the_page_and_its_secret_shown_once(
    service: Service, member: User, signed_in: Browser
) -> None:
    client = signed_in(member)
    client.post(f"{ROTATION}cancel/")
    assert live() == {"a"}
    assert "Nothing is cut." in client.get(PAGE).content.decode()
    answer = client.post(f"{PAGE}credentials/rotate/")
    page = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "revoked by itself when nobody has used it for 60 s" in page
    assert answer.context["secret"] in page
    assert answer.context["secret"] not in client.get(PAGE).content.decode()
    assert live() == {"a", "b"}


def test_it_says_who_is_connected(service: Service, viewer: User, signed_in: Browser) -> None:
    client = signed_in(viewer)
    assert "Nobody has looked at the connections yet." in client.get(PAGE).content.decode()
    used("a", 2)
    used("b", 0, ever=False)
    for path in (PAGE, ROTATION):
        page = client.get(path).content.decode()
        assert "2 connections from" in page
        assert "10.0.0.5" in page
        assert "never connected" in page
        assert "Nobody has connected with the new one yet." in page
        assert inline_parts(page) == []


def test_before_it_ends_it_says_how_many_are_cut(
    service: Service, member: User, signed_in: Browser
) -> None:
    client = signed_in(member)
    used("a", 1)
    used("b", 0, ever=False)
    page = client.get(PAGE).content.decode()
    assert "1 connection will be cut (seen" in page
    assert "No connection is cut: nobody used it" in page
    page = client.post(f"{ROTATION}end/", follow=True).content.decode()
    assert "The rotation is over: the old one is revoked." in page
    assert live() == {"b"}
    page = client.post(f"{ROTATION}end/", follow=True).content.decode()
    assert "No rotation of meca-exporter" in page


def test_once_it_is_over_the_page_is_fetched_anew(
    service: Service, member: User, signed_in: Browser
) -> None:
    client = signed_in(member)
    assert not client.get(ROTATION).has_header("HX-Refresh")
    client.post(f"{ROTATION}cancel/")
    assert client.get(ROTATION)["HX-Refresh"] == "true"


@pytest.mark.parametrize("what", ["end", "cancel"])
def test_strangers_are_refused(
    what: str, service: Service, stranger: User, signed_in: Browser
) -> None:
    client = signed_in(stranger)
    assert 'id="rotation-end"' not in client.get(PAGE).content.decode()
    page = client.post(f"{ROTATION}{what}/", follow=True).content.decode()
    assert "Only members of the team Journals or operators may" in page
    assert live() == {"a", "b"}


def test_one_that_takes_long_needs_attention(
    service: Service, member: User, operator: User, signed_in: Browser
) -> None:
    client = signed_in(operator)
    said = "Its credentials are being rotated"
    assert said not in client.get("/").content.decode()
    Credential.objects.filter(slot="a").update(leaving=timezone.now() - timedelta(days=8))
    assert said in client.get("/").content.decode()
    assert "This rotation takes long" in client.get(PAGE).content.decode()
    signed_in(member).post(f"{ROTATION}end/")
    assert said not in client.get("/").content.decode()


def test_on_the_embedded_broker_nobody_can_tell(
    service: Service, member: User, signed_in: Browser, settings: Any
) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    page = signed_in(member).get(PAGE).content.decode()
    assert "The embedded broker knows no users" in page
    assert "The embedded broker has no connections to cut." in page
