"""Integrators' requests are listed, read in plain words, and approved or declined."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.views import integrators
from eventbus_admin.integrators.actions import (
    approve_request,
    invite_integrator,
    register_integrator,
)
from eventbus_admin.integrators.models import AccessRequest, Invitation
from eventbus_admin.registry.models import EventType, Publication, Subscription


@pytest.fixture
def asked(
    make_event_type: Callable[..., EventType], monkeypatch: pytest.MonkeyPatch
) -> AccessRequest:
    """crossref-exporter asks to listen to beginCrossrefExport, and for a publication too."""
    monkeypatch.setattr(integrators, "wait_until_applied", lambda _revision: True)
    for name in ("beginCrossrefExport", "exportSuccessful"):
        make_event_type(name)
    done = register_integrator(
        actor=SYSTEM,
        name="crossref-exporter",
        contact="ops@example.org",
        reason="DOI <b>deposits</b>",
        publishes=["exportSuccessful"],
        subscribes=["beginCrossrefExport"],
    )
    return done.requests[1]


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_waits_is_listed_with_a_badge_for_operators(
    asked: AccessRequest, operator: User, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    for_operator = page(signed_in(operator), "/integrators/")
    assert "2 requests" in for_operator
    assert 'title="2 wait for a decision"' in for_operator
    assert "2 requests wait for a decision." in page(signed_in(operator), "/")
    for_viewer = page(signed_in(viewer), "/integrators/")
    assert "crossref-exporter" in for_viewer
    assert 'title="2 wait for a decision"' not in for_viewer
    assert "Only operators may decide about requests." in for_viewer


def test_a_request_says_what_it_would_allow(
    asked: AccessRequest, operator: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(operator)
    text = page(client, f"/requests/{asked.pk}/")
    assert "Get its own copy of every beginCrossrefExport event from then on" in text
    assert "It can declare, bind and delete nothing" in text
    assert "Nothing. It has no queue" in text
    assert "DOI &lt;b&gt;deposits&lt;/b&gt;" in text
    approve_request(actor=SYSTEM, request=asked)
    other = AccessRequest.objects.get(kind="publication")
    text = page(client, f"/requests/{other.pk}/")
    assert "Publish exportSuccessful events." in text
    assert "Get its own copy of every beginCrossrefExport event" in text


def test_an_operator_approves(
    asked: AccessRequest, operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).post(f"/requests/{asked.pk}/approve/", follow=True)
    assert "Approved: crossref-exporter gets what it asked for." in answer.content.decode()
    assert Subscription.objects.get().state == "active"
    assert AuditEntry.objects.get(verb="approved").actor == operator


def test_an_operator_declines_with_a_reason_that_is_shown(
    asked: AccessRequest, operator: User, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client, path = signed_in(operator), f"/requests/{asked.pk}/decline/"
    assert "Say why" in client.post(path, follow=True).content.decode()
    assert Subscription.objects.get().state == "requested"
    client.post(path, {"reason": "Wrong journal."})
    assert Subscription.objects.get().state == "declined"
    text = page(signed_in(viewer), f"/requests/{asked.pk}/")
    assert "Wrong journal." in text
    assert "/approve/" not in text


@pytest.mark.parametrize("deed", ["approve", "decline"])
def test_others_are_refused(
    deed: str,
    asked: AccessRequest,
    make_user: Callable[..., User],
    member: User,
    signed_in: Callable[[User], Client],
) -> None:
    for person in (make_user("ina", team="crossref-exporter"), member):
        client = signed_in(person)
        answer = client.post(f"/requests/{asked.pk}/{deed}/", {"reason": "x"}, follow=True)
        assert "Only operators may decide about requests." in answer.content.decode()
        assert 'disabled title="Only operators' in page(client, f"/requests/{asked.pk}/")
    assert (Subscription.objects.get().state, Publication.objects.get().state) == (
        "requested",
        "requested",
    )


def test_a_request_that_is_not_there(operator: User, signed_in: Callable[[User], Client]) -> None:
    assert signed_in(operator).get("/requests/7/").status_code == 404
    assert signed_in(operator).post("/requests/7/approve/").status_code == 404


def test_an_invitation_is_shown_once_and_withdrawn(
    operator: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(operator)
    answer = client.post("/integrators/invite/", {"note": "DOI people"})
    code = answer.context["code"]
    assert f'data-copy="{code}"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    listed = page(client, "/integrators/")
    assert "DOI people" in listed
    assert code not in listed
    client.post(f"/integrators/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert not Invitation.objects.get().is_open
    assert "DOI people" not in page(client, "/integrators/")


def test_only_operators_invite(
    member: User, settings: Any, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    answer = client.post("/integrators/invite/", follow=True)
    assert "Only operators may invite integrators." in answer.content.decode()
    assert not Invitation.objects.exists()
    kept = invite_integrator(actor=SYSTEM, note="DOI people").invitation
    client.post(f"/integrators/invitations/{kept.pk}/withdraw/")
    assert Invitation.objects.get().is_open
    assert "DOI people" not in page(client, "/integrators/")


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_the_page_says_who_may_register(
    mode: str, settings: Any, operator: User, signed_in: Callable[[User], Client]
) -> None:
    settings.EVENTBUS_REGISTRATION = mode
    text = page(signed_in(operator), "/integrators/")
    assert integrators.REGISTRATION[mode] in text
    assert ("Make a code" in text) is (mode == "invite")
