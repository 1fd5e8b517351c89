"""Credentials are issued, shown once and revoked on a service's page."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.views import credentials
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.registry import passwords
from eventbus_admin.registry.actions import issue_credential
from eventbus_admin.registry.models import Credential, Service, Subscription

PAGE = "/services/export-manager/"
ISSUE = f"{PAGE}credentials/issue/"
REISSUE = f"{PAGE}credentials/reissue/"
REVOKE = f"{PAGE}credentials/revoke/"
ROTATE = f"{PAGE}credentials/rotate/"
PLANTED = "planted-secret-0123456789"
USER = "bus__export-manager__a"


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(passwords.secrets, "token_urlsafe", lambda _size: PLANTED)
    monkeypatch.setattr(credentials, "wait_until_applied", lambda _revision: False)
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://admin:hunter2@10.0.0.1/events"
    settings.EVENTBUS_PUBLIC_AMQP_URL = "amqps://bus.example.org/events"


def live() -> set[str]:
    return {one.slot for one in Credential.objects.live()}


def test_the_answer_shows_secret_and_address(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(ISSUE)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    url = answer.context["url"]
    parts = urlsplit(url)
    assert unquote(parts.username or "") == f"{USER}@events"
    assert parts.password == PLANTED
    assert (parts.scheme, parts.hostname, parts.path) == ("amqps", "bus.example.org", "/events")
    assert f'data-copy="{PLANTED}"' in page
    assert f'data-copy="{url}"' in page
    assert "shown this once" in page
    assert "It works as soon as the broker has heard of it." in page
    assert "hunter2" not in page


def test_it_is_on_no_other_page_in_no_log_and_in_no_entry(
    world: Subscription,
    operator: User,
    signed_in: Callable[[User], Client],
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = signed_in(operator)
    with caplog.at_level(logging.DEBUG):
        client.post(ISSUE)
        hashed = Credential.objects.get().password_hash
        pages = [
            client.get(one).content.decode()
            for one in (PAGE, "/audit/", "/", "/drift/", "/admin/registry/credential/")
        ]
        again = client.post(ISSUE, follow=True).content.decode()
    shown = [*pages, again, caplog.text, str(list(AuditEntry.objects.values()))]
    assert USER in pages[0]
    for kept in (PLANTED, hashed):
        assert [one for one in shown if kept in one] == []
    assert "has credentials already" in again


@pytest.mark.parametrize("path", [ISSUE, REISSUE, REVOKE, ROTATE])
def test_strangers_are_refused(
    path: str, world: Subscription, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    if path != ISSUE:
        issue_credential(actor=SYSTEM, service="export-manager")
    before = list(Credential.objects.values())
    answer = signed_in(stranger).post(path, follow=True)
    assert "Only members of the team Journals or operators may" in answer.content.decode()
    assert PLANTED not in answer.content.decode()
    assert list(Credential.objects.values()) == before


@pytest.mark.parametrize("path", [ISSUE, REISSUE, REVOKE, ROTATE])
def test_a_link_changes_nothing(
    path: str, world: Subscription, operator: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(operator).get(path).status_code == 405
    assert signed_in(operator).post(path.replace("export-manager", "nobody")).status_code == 404


def test_issuing_anew_and_revoking(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    client.post(ISSUE)
    assert b"The old one stops working now" in client.get(PAGE).content
    client.post(REISSUE)
    assert live() == {"b"}
    page = client.post(REVOKE, follow=True).content.decode()
    assert live() == set()
    assert "Revoked: nobody signs in with it as soon as the broker hears of it." in page


def test_it_says_how_they_are_on_the_broker_and_what_they_allow(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(viewer)
    assert "None. Credentials let it connect" in client.get(PAGE).content.decode()
    issue_credential(actor=SYSTEM, service="export-manager")
    page = client.get(PAGE).content.decode()
    assert "as soon as the broker has heard of it" in page
    assert "Publish exportRequested events." in page
    assert "Get its own copy of every exportRequested event" in page
    assert "It can declare and delete its own queues" in page
    BrokerObject.objects.create(
        kind="permission",
        name=USER,
        service_name="export-manager",
        sync="differs",
        message="Somebody changed it.",
        since=timezone.now(),
    )
    assert "Somebody changed it." in client.get(PAGE).content.decode()


def test_the_embedded_broker_has_one_address_for_all(
    world: Subscription, member: User, signed_in: Callable[[User], Client], settings: Any
) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    Service.objects.update(kind="integrator")
    answer = signed_in(member).post(ISSUE)
    assert answer.context["url"] == "memory://eventbus"
    assert b"The embedded broker knows no users" in answer.content


def test_the_code_of_an_integrator_declares_nothing(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    paths = (PAGE, "/subscriptions/exportRequested/export-manager/")
    assert not [one for one in paths if "declare" in client.get(one).context["snippet"]]
    Service.objects.update(kind="integrator")
    for path in paths:
        assert 'service="export-manager", declare=False)' in client.get(path).context["snippet"]


def test_where_nothing_is_applied_by_itself_revoking_says_what_it_takes(
    world: Subscription,
    answering_broker: Any,
    member: User,
    signed_in: Callable[[User], Client],
    settings: Any,
) -> None:
    settings.EVENTBUS_APPLY = "observe"
    answering_broker.applied_revision = 0
    answering_broker.save()
    issue_credential(actor=SYSTEM, service="export-manager")
    page = signed_in(member).post(REVOKE, follow=True).content.decode()
    assert "nobody signs in with it as soon as an operator applies it on Drift" in page
