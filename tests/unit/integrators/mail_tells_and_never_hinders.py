"""Operators and contacts get mail after the commit; a mail server that is away changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Role, User
from eventbus_admin.integrators.actions import (
    Registration,
    approve_request,
    decline_request,
    register_integrator,
    request_access,
)
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.models import Subscription

Register = Callable[..., Registration]
Commit = Callable[..., Any]


@pytest.fixture(autouse=True)
def people(make_user: Callable[..., User]) -> None:
    make_user("otto", role=Role.OPERATOR, email="otto@example.org")
    make_user("ada", is_superuser=True, email="ada@example.org")
    make_user("gone", role=Role.OPERATOR, email="gone@example.org", is_active=False)
    make_user("silent", role=Role.OPERATOR)
    make_user("vera", email="vera@example.org")


def sent(mailoutbox: list[EmailMessage]) -> list[tuple[str, list[str]]]:
    return [(one.subject, sorted(one.recipients())) for one in mailoutbox]


def test_a_registration_is_told_to_operators_and_contact(
    register: Register,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Commit,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        register()
        assert mailoutbox == [], "nothing is committed yet"
    assert sent(mailoutbox) == [
        (
            "crossref-exporter asks for access to the event bus",
            ["ada@example.org", "otto@example.org"],
        ),
        ("crossref-exporter is registered", ["ops@example.org"]),
    ]
    assert "  - listen to beginCrossrefExport" in str(mailoutbox[0].body)
    assert "Reason: DOI deposits" in str(mailoutbox[0].body)
    assert mailoutbox[0].to == []


def test_a_decision_is_told_to_the_contact(
    register: Register,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Commit,
) -> None:
    first, second = register().requests
    with django_capture_on_commit_callbacks(execute=True):
        approve_request(actor=SYSTEM, request=first)
        decline_request(actor=SYSTEM, request=second, reason="Wrong journal.")
    assert sent(mailoutbox) == [
        ("crossref-exporter: approved", ["ops@example.org"]),
        ("crossref-exporter: declined", ["ops@example.org"]),
    ]
    assert "Wrong journal." in str(mailoutbox[1].body)
    told_how = ["/services/crossref-exporter/credentials/" in str(one.body) for one in mailoutbox]
    assert told_how == [True, False]


def test_a_later_request_is_told_to_operators(
    register: Register,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Commit,
) -> None:
    service = register().service
    with django_capture_on_commit_callbacks(execute=True):
        request_access(actor=SYSTEM, service=service, reason="More", subscribes=["other"])
    assert [to for _, to in sent(mailoutbox)] == [["ada@example.org", "otto@example.org"]]


def test_the_system_mails_nobody_about_what_it_registers_itself(
    mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        register_integrator(
            actor=SYSTEM, name="x", contact="x@example.org", reason="seed", subscribes=["other"]
        )
    assert mailoutbox == []


def test_a_mail_server_that_is_away_changes_nothing(
    register: Register, settings: Any, django_capture_on_commit_callbacks: Commit
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with django_capture_on_commit_callbacks(execute=True):
        requests = register().requests
    with django_capture_on_commit_callbacks(execute=True):
        approve_request(actor=SYSTEM, request=requests[1])
    assert AccessRequest.objects.count() == 2
    assert Subscription.objects.get().state == "active"
