"""Somebody outside registers a service, and gets nothing by it before somebody decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.actions import (
    Registration,
    invite_integrator,
    register_integrator,
    registering,
    withdraw_invitation,
)
from eventbus_admin.integrators.models import AccessRequest, Invitation
from eventbus_admin.reconcile.desired import read_registry, topology_of
from eventbus_admin.registry.actions import set_lifecycle
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Publication, Service, Subscription

Register = Callable[..., Registration]


def nothing_was_made() -> bool:
    models = (Service, Publication, Subscription, AccessRequest, AuditEntry)
    team = Team.objects.filter(name="crossref-exporter")
    return not team.exists() and not any(model.objects.exists() for model in models)


def test_it_is_a_service_of_its_own_team_with_requests(register: Register) -> None:
    done = register()
    assert (done.service.kind, done.service.contact) == ("integrator", "ops@example.org")
    assert done.service.owner.name == "crossref-exporter"
    assert done.service.owner.is_outside
    assert not done.service.owner.members.exists()
    assert [(one.kind, one.event_type.name, one.state, one.reason) for one in done.requests] == [
        ("publication", "exportSuccessful", "requested", "DOI deposits"),
        ("subscription", "beginCrossrefExport", "requested", "DOI deposits"),
    ]
    assert Publication.objects.get().state == Subscription.objects.get().state == "requested"
    assert list(AccessRequest.objects.of(done.service).waiting()) == list(done.requests)


def test_nothing_is_made_on_the_broker(register: Register) -> None:
    before = topology_of(read_registry())
    register()
    assert topology_of(read_registry()) == before


def test_the_trail_says_that_nobody_had_signed_in(register: Register) -> None:
    register()
    assert set(AuditEntry.objects.values_list("actor_name", "actor")) == {("a visitor", None)}
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == [
        "registered",
        "requested",
        "requested",
    ]


def test_what_is_named_twice_is_asked_once(register: Register) -> None:
    assert len(register(publishes=[], subscribes=["other", "other"]).requests) == 1


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"name": "no__name"}, "invalid_name", "name"),
        ({"name": ""}, "invalid_name", "name"),
        ({"name": "Journals"}, "name_taken", "name"),
        ({"contact": ""}, "missing_contact", "contact"),
        ({"contact": "nobody"}, "invalid_contact", "contact"),
        ({"reason": " "}, "missing_reason", "reason"),
        ({"reason": "x" * 2001}, "invalid_reason", "reason"),
        ({"reason": "\0"}, "invalid_text", "reason"),
        ({"publishes": ["unknown"]}, "unknown_event_type", "publishes"),
        ({"subscribes": ["unknown"]}, "unknown_event_type", "subscribes"),
        ({"subscribes": ["\0"]}, "unknown_event_type", "subscribes"),
        ({"publishes": [], "subscribes": []}, "nothing_asked", "subscribes"),
        ({"subscribes": [f"t{n}" for n in range(51)]}, "too_many", "subscribes"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing(
    values: dict[str, Any], code: str, field: str, register: Register
) -> None:
    with pytest.raises(ActionError) as refused:
        register(**values)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert nothing_was_made()


def test_a_name_is_taken_once(register: Register) -> None:
    register()
    Team.objects.filter(name="crossref-exporter").update(name="renamed")
    with pytest.raises(ActionError, match="A service named crossref-exporter exists"):
        register()
    assert Service.objects.count() == 1


def test_a_retired_type_is_refused(register: Register) -> None:
    set_lifecycle(actor=SYSTEM, event_type="other", lifecycle="retired")
    with pytest.raises(ActionError, match="other is retired"):
        register(subscribes=["other"])


def test_nobody_buries_the_operators(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registering, "MOST_WAITING", 3)
    register()
    with pytest.raises(ActionError) as refused:
        register(name="second")
    assert refused.value.code == "too_many_waiting"


# -- who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["visitor", "viewer"])
def test_where_it_is_closed_only_operators_register(
    who: str, register: Register, settings: Any, viewer: User, operator: User
) -> None:
    settings.EVENTBUS_REGISTRATION = "closed"
    actor = Actor.person(viewer) if who == "viewer" else Actor.visitor()
    with pytest.raises(ActionError) as refused:
        register(actor=actor, invitation="x")
    assert refused.value.code == "registration_closed"
    assert nothing_was_made()
    register(actor=Actor.person(operator))
    assert AuditEntry.objects.filter(actor=operator, verb="registered").exists()


def test_an_invitation_is_good_for_one(register: Register, settings: Any) -> None:
    settings.EVENTBUS_REGISTRATION = "invite"
    invited = invite_integrator(actor=SYSTEM, note="Crossref")
    done = register(invitation=invited.code)
    assert Invitation.objects.get().used_by == done.service
    with pytest.raises(ActionError) as refused:
        register(name="second", invitation=invited.code)
    assert (refused.value.code, refused.value.field) == ("invalid_invitation", "invitation")


def test_a_registration_that_fails_uses_up_no_invitation(register: Register, settings: Any) -> None:
    settings.EVENTBUS_REGISTRATION = "invite"
    invited = invite_integrator(actor=SYSTEM)
    with pytest.raises(ActionError):
        register(invitation=invited.code, reason="")
    register(invitation=invited.code)


@pytest.mark.parametrize("what", ["none", "wrong", "expired", "withdrawn"])
def test_without_a_good_invitation_nobody_registers(
    what: str, register: Register, settings: Any
) -> None:
    settings.EVENTBUS_REGISTRATION = "invite"
    invited = invite_integrator(actor=SYSTEM)
    if what == "expired":
        Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    if what == "withdrawn":
        withdraw_invitation(actor=SYSTEM, invitation=invited.invitation)
    AuditEntry.objects.all().delete()
    code = {"none": "", "wrong": "x"}.get(what, invited.code)
    with pytest.raises(ActionError) as refused:
        register(invitation=code)
    assert refused.value.code == "invalid_invitation"
    assert nothing_was_made()


def test_only_operators_invite(member: User, operator: User) -> None:
    with pytest.raises(NotAllowed, match="Only operators may invite integrators"):
        invite_integrator(actor=Actor.person(member))
    invited = invite_integrator(actor=Actor.person(operator))
    with pytest.raises(NotAllowed, match="Only operators may withdraw invitations"):
        withdraw_invitation(actor=Actor.person(member), invitation=invited.invitation)


def test_a_code_is_kept_nowhere(operator: User) -> None:
    invited = invite_integrator(actor=Actor.person(operator), note="Crossref")
    stored = str(list(Invitation.objects.values())) + str(list(AuditEntry.objects.values()))
    assert invited.code not in stored + repr(invited)


def test_a_visitor_is_not_the_system(settings: Any) -> None:
    settings.EVENTBUS_REGISTRATION = "closed"
    with pytest.raises(ActionError):
        register_integrator(
            actor=Actor.visitor(),
            name="x",
            contact="a@example.org",
            reason="r",
            subscribes=["other"],
        )
