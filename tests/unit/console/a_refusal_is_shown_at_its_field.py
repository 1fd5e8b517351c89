"""What the registry refuses is said where it was typed, and what was typed stays."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.registry.models import EventType, Service, Subscription


def test_a_name_that_is_taken(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/new/service/",
        {"name": "export-manager", "owner": "Journals", "kind": "internal", "description": "Mine."},
    )
    assert answer.status_code == 200
    assert "A service named export-manager exists." in answer.context["form"].errors["name"][0]
    assert "Mine." in answer.content.decode()


def test_a_name_that_breaks_the_rule(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/new/event-type/", {"name": "two__parts", "owner": "Journals", "lifecycle": "active"}
    )
    assert "name" in answer.context["form"].errors
    assert not EventType.objects.filter(name="two__parts").exists()


def test_an_example_that_is_no_json(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/new/event-type/",
        {"name": "mine", "owner": "Journals", "lifecycle": "active", "example": "{journal: 1}"},
    )
    assert "This is not JSON" in answer.context["form"].errors["example"][0]


def test_an_event_type_that_nobody_registered(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/new/subscription/",
        {
            "service": "export-manager",
            "event_type": "unheardOf",
            "kind": "quorum",
            "retry_attempts": "10",
            "retry_delays_ms": ["1000"],
        },
    )
    assert answer.context["form"].errors["event_type"] == ["There is no event type unheardOf."]


def test_a_button_that_comes_too_late_is_answered_by_a_sentence(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    client.post("/subscriptions/exportRequested/export-manager/pause/")
    answer = client.post("/subscriptions/exportRequested/export-manager/pause/", follow=True)
    assert "is paused already." in answer.content.decode()


def test_an_event_type_in_use_is_not_retired(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/event-types/exportRequested/lifecycle/", {"to": "retired"}, follow=True
    )
    assert "Retire them first." in answer.content.decode()


@pytest.mark.django_db
def test_a_member_is_offered_the_own_teams_and_an_operator_all(
    member: User,
    operator: User,
    make_team: Callable[[str], object],
    signed_in: Callable[[User], Client],
) -> None:
    make_team("Others")
    for_member = signed_in(member).get("/new/service/").context["form"].fields["owner"].queryset
    for_operator = signed_in(operator).get("/new/service/").context["form"].fields["owner"].queryset
    assert [team.name for team in for_member] == ["Journals"]
    assert [team.name for team in for_operator] == ["Journals", "Others"]


def test_what_is_right_is_stored(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post(
        "/new/service/",
        {"name": "crossref-exporter", "owner": "Journals", "kind": "integrator"},
        follow=True,
    )
    assert "crossref-exporter is registered." in answer.content.decode()
    assert Service.objects.get(name="crossref-exporter").kind == "integrator"
