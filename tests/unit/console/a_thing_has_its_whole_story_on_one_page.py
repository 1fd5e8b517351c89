"""The page of an event type or a service says what it is, whose, and who has to do with it."""

import html
from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription

Make = Callable[..., Subscription]
SignIn = Callable[[User], Client]

EVENT_TYPE = "/event-types/exportRequested/"
SERVICE = "/services/export-manager/"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_an_event_type_says_what_it_is_and_where_it_stands(
    world: Subscription, viewer: User, signed_in: SignIn
) -> None:
    EventType.objects.update(
        description="An article is to be exported.", example={"journal": "elife"}
    )
    shown = page(signed_in(viewer), EVENT_TYPE)
    assert "An article is to be exported." in shown
    assert '<span class="p">"journal"</span>' in shown, "the example is not highlighted"
    assert "Active: in use" in shown
    assert "Journals" in shown


def test_who_publishes_and_who_listens_stand_there_with_their_state(
    world: Subscription, make_subscription: Make, viewer: User, signed_in: SignIn
) -> None:
    Publication.objects.update(state="requested")
    make_subscription("exportRequested", "asks", state="requested")
    make_subscription("exportRequested", "gone", state="retired")
    shown = page(signed_in(viewer), EVENT_TYPE)
    assert "Requested" in shown
    assert "No worker is running. 3 events wait." in shown
    assert "Waits for an operator to decide." in shown
    assert ">gone<" not in shown


def test_a_service_says_what_it_listens_to_and_publishes(
    world: Subscription, make_subscription: Make, viewer: User, signed_in: SignIn
) -> None:
    Service.objects.update(contact="exports@example.org")
    make_subscription("exportSuccessful", "export-manager", state="requested")
    shown = page(signed_in(viewer), SERVICE)
    assert "mailto:exports@example.org" in shown
    assert "Internal: a process of ours" in shown
    assert "No worker is running. 3 events wait." in shown
    assert "Waits for an operator to decide." in shown
    # What is only asked for is nothing that credentials allow.
    assert "Get its own copy of every exportSuccessful event" not in shown


def test_a_services_tokens_are_seen_by_its_team_and_operators(
    world: Subscription, member: User, stranger: User, operator: User, signed_in: SignIn
) -> None:
    issue(name="The deployment", scopes=[TokenScope.READ], service="export-manager")
    for who in (member, operator):
        shown = page(signed_in(who), SERVICE)
        assert "The deployment" in shown
        assert 'href="/new/token/?service=export-manager"' in shown
    shown = page(signed_in(stranger), SERVICE)
    assert "The deployment" not in shown
    assert "The team Journals and operators see its tokens." in shown


def test_a_services_activity_tells_of_its_tokens(
    world: Subscription, operator: User, signed_in: SignIn
) -> None:
    client = signed_in(operator)
    client.post(
        "/new/token/",
        {"name": "x", "service": "export-manager", "scopes": ["read"], "expires": "30"},
    )
    prefix = ApiToken.objects.get().prefix
    assert AuditEntry.objects.filter(object_name=prefix).exists()
    assert f'href="/tokens/{prefix}/">{prefix}</a>' in page(client, SERVICE)


@pytest.mark.parametrize("path", [EVENT_TYPE, SERVICE])
def test_many_are_cut_off_and_listed_elsewhere(
    path: str, world: Subscription, make_subscription: Make, viewer: User, signed_in: SignIn
) -> None:
    for number in range(120):
        make_subscription("exportRequested", f"service-{number}")
        make_subscription(f"type-{number}", "export-manager")
    client = signed_in(viewer)
    assert len(client.get(path).context["subscriptions"]) == 100
    assert "The first 100 are shown." in page(client, path)
