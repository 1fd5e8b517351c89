"""Every action asked for by everybody: who may, and that a refusal leaves no trace."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Role, Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import (
    Credential,
    EventType,
    Publication,
    Revision,
    Service,
    Subscription,
    SubscriptionState,
)
from eventbus_admin.registry.revision import current_revision


@dataclass
class World:
    """Journals owns the service, Submissions the event type that it listens to and publishes."""

    service: Service
    event_type: EventType
    unused: EventType
    subscription: Subscription
    paused: Subscription
    publication: Publication
    with_credentials: Service
    rotating: Service
    journals: Team
    submissions: Team


@pytest.fixture
def world(
    make_service: Callable[..., Service],
    make_event_type: Callable[..., EventType],
    make_team: Callable[[str], Team],
    make_rotation: Callable[[str], Service],
) -> World:
    service = make_service("export-manager", team="Journals")
    first, second, unused = (
        make_event_type(name, team="Submissions")
        for name in ("exportRequested", "exportCancelled", "unused")
    )
    with_credentials = make_service("exporter", team="Journals")
    Credential.objects.create(
        service=with_credentials, slot="a", password_hash="x", issued=timezone.now()
    )
    return World(
        service=service,
        with_credentials=with_credentials,
        rotating=make_rotation("rotating"),
        event_type=first,
        unused=unused,
        subscription=Subscription.objects.create(event_type=first, service=service),
        paused=Subscription.objects.create(
            event_type=second, service=service, state=SubscriptionState.PAUSED
        ),
        publication=Publication.objects.create(event_type=first, service=service),
        journals=make_team("Journals"),
        submissions=make_team("Submissions"),
    )


PEOPLE: dict[str, dict[str, Any]] = {
    "member of the service's team": {"team": "Journals"},
    "member of the event type's team": {"team": "Submissions"},
    "stranger": {"team": "Strangers"},
    "viewer": {},
    "operator": {"role": Role.OPERATOR},
    "admin": {"role": Role.ADMIN},
    "switched-off member": {"team": "Journals", "is_active": False},
    "switched-off operator": {"role": Role.OPERATOR, "is_active": False},
}
OPERATORS = {"operator", "admin", "the system"}
SERVICE_SIDE = OPERATORS | {"member of the service's team"}
EVENT_SIDE = OPERATORS | {"member of the event type's team"}

Deed = Callable[[World, Actor], object]
DEEDS: dict[str, tuple[set[str], Deed]] = {
    "create_team": (OPERATORS, lambda _, a: actions.create_team(actor=a, name="new")),
    "change_team": (
        OPERATORS,
        lambda w, a: actions.change_team(actor=a, team=w.journals, description="new"),
    ),
    "create_service": (
        SERVICE_SIDE,
        lambda w, a: actions.create_service(actor=a, name="new", owner=w.journals),
    ),
    "change_service": (
        SERVICE_SIDE,
        lambda w, a: actions.change_service(actor=a, service=w.service, description="new"),
    ),
    "create_event_type": (
        EVENT_SIDE,
        lambda w, a: actions.create_event_type(actor=a, name="new", owner=w.submissions),
    ),
    "change_event_type": (
        EVENT_SIDE,
        lambda w, a: actions.change_event_type(actor=a, event_type=w.event_type, example={"a": 1}),
    ),
    "set_lifecycle": (
        EVENT_SIDE,
        lambda w, a: actions.set_lifecycle(actor=a, event_type=w.unused, lifecycle="retired"),
    ),
    "allow_publication": (
        OPERATORS,
        lambda w, a: actions.allow_publication(actor=a, service=w.service, event_type=w.unused),
    ),
    "retire_publication": (
        SERVICE_SIDE,
        lambda w, a: actions.retire_publication(actor=a, publication=w.publication),
    ),
    "create_subscription": (
        SERVICE_SIDE,
        lambda w, a: actions.create_subscription(actor=a, service=w.service, event_type=w.unused),
    ),
    "adopt_subscription": (
        OPERATORS,
        lambda w, a: actions.adopt_subscription(
            actor=a, service=w.service, event_type=w.event_type, kind="classic"
        ),
    ),
    "change_subscription": (
        SERVICE_SIDE,
        lambda w, a: actions.change_subscription(actor=a, subscription=w.subscription, prefetch=7),
    ),
    "pause_subscription": (
        SERVICE_SIDE,
        lambda w, a: actions.pause_subscription(actor=a, subscription=w.subscription),
    ),
    "resume_subscription": (
        SERVICE_SIDE,
        lambda w, a: actions.resume_subscription(actor=a, subscription=w.paused),
    ),
    "retire_subscription": (
        SERVICE_SIDE,
        lambda w, a: actions.retire_subscription(actor=a, subscription=w.subscription),
    ),
    "issue_credential": (
        SERVICE_SIDE,
        lambda w, a: actions.issue_credential(actor=a, service=w.service),
    ),
    "reissue_credential": (
        SERVICE_SIDE,
        lambda w, a: actions.reissue_credential(actor=a, service=w.with_credentials, keep_old=True),
    ),
    "rotate_credential": (
        SERVICE_SIDE,
        lambda w, a: actions.rotate_credential(actor=a, service=w.with_credentials),
    ),
    "end_rotation": (
        SERVICE_SIDE,
        lambda w, a: actions.end_rotation(actor=a, service=w.rotating),
    ),
    "cancel_rotation": (
        SERVICE_SIDE,
        lambda w, a: actions.cancel_rotation(actor=a, service=w.rotating),
    ),
    "revoke_credentials": (
        SERVICE_SIDE,
        lambda w, a: actions.revoke_credentials(actor=a, service=w.with_credentials),
    ),
}


def stored() -> dict[str, list[dict[str, Any]]]:
    models: tuple[type[Model], ...] = (
        Team, Service, EventType, Publication, Subscription, Credential, Revision, AuditEntry,
    )  # fmt: skip
    return {model.__name__: list(model._default_manager.values()) for model in models}


def test_every_action_is_in_the_matrix() -> None:
    assert set(DEEDS) == {name for name in actions.__all__ if name.islower()}


@pytest.mark.parametrize("who", [*PEOPLE, "the system"])
@pytest.mark.parametrize("deed", DEEDS)
def test_matrix(deed: str, who: str, world: World, make_user: Callable[..., User]) -> None:
    # Given
    actor = SYSTEM if who == "the system" else Actor.person(make_user("pat", **PEOPLE[who]))
    allowed, act = DEEDS[deed]
    before, number = stored(), current_revision()

    # When the actor may, then it is done, recorded under the actor's name, and counted
    if who in allowed:
        act(world, actor)
        assert {one.actor_name for one in AuditEntry.objects.all()} == {actor.name}
        assert Revision.objects.get().number == number + 1
        return

    # Otherwise a sentence says why not, and everything is as it was
    with pytest.raises(NotAllowed, match=r"^(Only .*operators may .*|.* switched off)\.$"):
        act(world, actor)
    assert stored() == before


@pytest.mark.parametrize("thing", ["service", "event_type"])
def test_a_member_gives_nothing_to_a_team_of_others(
    thing: str, world: World, make_user: Callable[..., User]
) -> None:
    pat = make_user("pat", team="Journals")
    world.submissions.members.add(pat)
    stranger_team = Team.objects.create(name="Strangers")
    change = getattr(actions, f"change_{thing}")

    with pytest.raises(NotAllowed, match="members of the team Strangers"):
        change(actor=Actor.person(pat), **{thing: getattr(world, thing)}, owner=stranger_team)


@pytest.mark.parametrize("thing", ["service", "event_type"])
def test_a_member_of_both_teams_hands_over(
    thing: str, world: World, make_user: Callable[..., User]
) -> None:
    pat = make_user("pat", team="Journals")
    world.submissions.members.add(pat)
    other = {"service": world.submissions, "event_type": world.journals}[thing]
    change = getattr(actions, f"change_{thing}")

    changed = change(actor=Actor.person(pat), **{thing: getattr(world, thing)}, owner=other.name)

    changed.refresh_from_db()
    assert changed.owner == other
