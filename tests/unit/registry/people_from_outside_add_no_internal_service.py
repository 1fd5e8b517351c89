"""An internal service declares what it likes, so people of an integrator's team make none."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import ApiToken, Team, TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.integrators.actions import register_integrator
from eventbus_admin.registry.actions import change_service, create_service
from eventbus_admin.registry.models import EventType, Service, ServiceKind

WHY = "crossref is the team of an integrator: only operators may give it internal services."
INTERNAL = {"name": "mine", "owner": "crossref", "kind": "internal"}


@pytest.fixture
def outsider(
    make_event_type: Callable[..., EventType], make_user: Callable[..., User], operator: User
) -> User:
    """A person who was put into the team of an integrator that registered itself."""
    make_event_type("exportRequested")
    register_integrator(
        actor=Actor.person(operator),
        name="crossref",
        contact="ops@example.org",
        reason="DOI deposits",
        subscribes=["exportRequested"],
    )
    return make_user("ida", team="crossref")


def names() -> set[str]:
    return set(Service.objects.values_list("name", flat=True))


def test_making_one_is_refused(outsider: User) -> None:
    with pytest.raises(NotAllowed) as refusal:
        create_service(actor=Actor.person(outsider), name="mine", owner="crossref")
    assert str(refusal.value) == WHY
    assert names() == {"crossref"}


def test_another_integrator_is_theirs_to_add(outsider: User) -> None:
    made = create_service(
        actor=Actor.person(outsider), name="second", owner="crossref", kind=ServiceKind.INTEGRATOR
    )
    assert not made.declares


def test_an_internal_one_is_not_given_to_their_team(
    outsider: User, member: User, make_service: Callable[..., Service]
) -> None:
    make_service("ours")
    Team.objects.get(name="crossref").members.add(member)
    with pytest.raises(NotAllowed, match="the team of an integrator"):
        change_service(actor=Actor.person(member), service="ours", owner="crossref")
    assert Service.objects.get(name="ours").owner.name == "Journals"


def test_operators_may(outsider: User, operator: User) -> None:
    create_service(actor=Actor.person(operator), name="ours", owner="crossref")
    assert names() == {"crossref", "ours"}


def test_who_is_in_a_team_of_ours_too_makes_one_there(outsider: User, journals: Team) -> None:
    journals.members.add(outsider)
    create_service(actor=Actor.person(outsider), name="ours", owner="Journals")
    assert names() == {"crossref", "ours"}


def test_the_console_refuses_and_offers_integrators_only(outsider: User) -> None:
    client = Client()
    client.force_login(outsider)
    offered = client.get("/new/service/").content.decode()
    assert 'value="integrator"' in offered
    assert 'value="internal"' not in offered
    assert client.post("/new/service/", INTERNAL).status_code == 200
    assert names() == {"crossref"}


def test_the_console_says_why_when_the_team_is_the_wrong_one(
    outsider: User, journals: Team
) -> None:
    journals.members.add(outsider)
    client = Client()
    client.force_login(outsider)
    assert WHY in client.post("/new/service/", INTERNAL).content.decode()
    assert names() == {"crossref"}


def test_the_api_refuses_with_the_sentence(outsider: User) -> None:
    _token, text = issue(name="a program", scopes=[TokenScope.WRITE], user=outsider)
    answer = Client().post(
        "/api/v1/services/",
        INTERNAL,
        content_type="application/json",
        headers={"Authorization": f"Token {text}"},
    )
    assert answer.status_code == 403
    assert answer.json()["message"] == WHY
    assert names() == {"crossref"}
    assert ApiToken.objects.get().last_used is not None
