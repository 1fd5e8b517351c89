"""Each request is approved or declined once, with a reason that the integrator can read."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.rights import confined_permissions
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.actions import (
    Registration,
    approve_request,
    decline_request,
    request_access,
)
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.desired import access_of, read_registry, topology_of
from eventbus_admin.registry.actions import (
    allow_publication,
    create_subscription,
    issue_credential,
    retire_publication,
    retire_subscription,
    set_lifecycle,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Publication, Subscription
from eventbus_admin.registry.revision import current_revision

NAME = "crossref-exporter"


@pytest.fixture
def registered(register: Callable[..., Registration]) -> Registration:
    return register()


@pytest.fixture
def publication(registered: Registration) -> AccessRequest:
    return registered.requests[0]


@pytest.fixture
def subscription(registered: Registration) -> AccessRequest:
    return registered.requests[1]


def states() -> tuple[str, str]:
    return Publication.objects.get().state, Subscription.objects.get().state


def queues() -> set[str]:
    return {one.name for one in topology_of(read_registry()).queues}


def test_what_is_approved_is_active_and_on_the_broker(
    publication: AccessRequest, subscription: AccessRequest, operator: User
) -> None:
    issue_credential(actor=SYSTEM, service=NAME)
    approve_request(actor=Actor.person(operator), request=subscription)
    assert states() == ("requested", "active")
    assert f"consumer__beginCrossrefExport__{NAME}" in queues()
    (grant,) = access_of(read_registry()).grants
    assert grant.permissions == confined_permissions(NAME, listens=["beginCrossrefExport"])
    approve_request(actor=Actor.person(operator), request=publication.pk, reason="Welcome.")
    (grant,) = access_of(read_registry()).grants
    assert grant.permissions == confined_permissions(
        NAME, publishes=["exportSuccessful"], listens=["beginCrossrefExport"]
    )
    publication.refresh_from_db()
    assert (publication.state, publication.answer) == ("approved", "Welcome.")
    assert publication.decided_by == operator
    assert publication.decided


def test_what_is_declined_says_why_and_gives_nothing(
    subscription: AccessRequest, operator: User
) -> None:
    before = topology_of(read_registry())
    decline_request(actor=Actor.person(operator), request=subscription, reason="Wrong journal.")
    assert states() == ("requested", "declined")
    subscription.refresh_from_db()
    assert (subscription.state, subscription.answer) == ("declined", "Wrong journal.")
    assert topology_of(read_registry()) == before


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_declining_takes_a_reason(subscription: AccessRequest, reason: str) -> None:
    with pytest.raises(ActionError) as refused:
        decline_request(actor=SYSTEM, request=subscription, reason=reason)
    assert refused.value.field == "reason"
    assert states() == ("requested", "requested")


@pytest.mark.parametrize("act", [approve_request, decline_request])
def test_a_request_is_decided_once(act: Callable[..., Any], subscription: AccessRequest) -> None:
    approve_request(actor=SYSTEM, request=subscription)
    with pytest.raises(ActionError) as refused:
        act(actor=SYSTEM, request=subscription, reason="again")
    assert refused.value.code == "already_decided"
    assert states()[1] == "active"


@pytest.mark.parametrize("act", [approve_request, decline_request])
def test_only_operators_decide(
    act: Callable[..., Any], subscription: AccessRequest, make_user: Callable[..., User]
) -> None:
    for person in (make_user("ina", team=NAME), make_user("vic")):
        with pytest.raises(NotAllowed, match="Only operators may decide about requests"):
            act(actor=Actor.person(person), request=subscription, reason="me")
    assert states() == ("requested", "requested")


def test_an_unknown_request_is_refused(registered: Registration) -> None:
    with pytest.raises(ActionError) as refused:
        approve_request(actor=SYSTEM, request=10**6)
    assert refused.value.code == "unknown_request"


def test_a_type_that_was_retired_meanwhile_is_not_approved(subscription: AccessRequest) -> None:
    set_lifecycle(actor=SYSTEM, event_type="beginCrossrefExport", lifecycle="retired")
    with pytest.raises(ActionError) as refused:
        approve_request(actor=SYSTEM, request=subscription)
    assert refused.value.code == "retired"
    decline_request(actor=SYSTEM, request=subscription, reason="It is retired.")


def test_each_decision_is_audited_and_raises_the_revision(
    publication: AccessRequest, subscription: AccessRequest
) -> None:
    AuditEntry.objects.all().delete()
    before = current_revision()
    approve_request(actor=SYSTEM, request=publication)
    decline_request(actor=SYSTEM, request=subscription, reason="No.")
    assert current_revision() == before + 2
    assert list(
        AuditEntry.objects.order_by("id").values_list("verb", "object_kind", "object_name", "after")
    ) == [
        ("approved", "publication", f"exportSuccessful/{NAME}", {"state": "active", "reason": ""}),
        (
            "declined",
            "subscription",
            f"beginCrossrefExport/{NAME}",
            {"state": "declined", "reason": "No."},
        ),
    ]


# -- nothing goes past a decision ----------------------------------------------------------------


def test_what_is_requested_is_decided_and_nothing_else(
    registered: Registration, publication: AccessRequest
) -> None:
    tries: tuple[Callable[[], object], ...] = (
        lambda: allow_publication(actor=SYSTEM, service=NAME, event_type="exportSuccessful"),
        lambda: retire_publication(actor=SYSTEM, publication=Publication.objects.get()),
        lambda: create_subscription(actor=SYSTEM, service=NAME, event_type="beginCrossrefExport"),
        lambda: retire_subscription(actor=SYSTEM, subscription=Subscription.objects.get()),
    )
    for one in tries:
        with pytest.raises(ActionError):
            one()
    assert states() == ("requested", "requested")


def test_an_integrators_people_cannot_subscribe_it_themselves(
    registered: Registration, make_user: Callable[..., User], operator: User
) -> None:
    theirs = Actor.person(make_user("ina", team=NAME))
    with pytest.raises(NotAllowed, match="Only operators may subscribe an integrator"):
        create_subscription(actor=theirs, service=NAME, event_type="other")
    create_subscription(actor=Actor.person(operator), service=NAME, event_type="other")


# -- asking again --------------------------------------------------------------------------------


def test_its_people_ask_for_more_and_again(
    publication: AccessRequest, make_user: Callable[..., User]
) -> None:
    decline_request(actor=SYSTEM, request=publication, reason="Not yet.")
    theirs = Actor.person(make_user("ina", team=NAME))
    requests = request_access(
        actor=theirs,
        service=NAME,
        reason="Now?",
        publishes=["exportSuccessful"],
        subscribes=["other"],
    )
    assert [(one.kind, one.state) for one in requests] == [
        ("publication", "requested"),
        ("subscription", "requested"),
    ]
    assert Publication.objects.get().state == "requested"
    assert AccessRequest.objects.filter(kind="publication").count() == 2
    approve_request(actor=SYSTEM, request=requests[0])
    assert Publication.objects.get().state == "active"


def test_what_it_has_or_waits_for_is_not_asked_again(subscription: AccessRequest) -> None:
    for code in ("already_requested", "already_active"):
        with pytest.raises(ActionError) as refused:
            request_access(
                actor=SYSTEM, service=NAME, reason="More", subscribes=["beginCrossrefExport"]
            )
        assert (refused.value.code, refused.value.field) == (code, "subscribes")
        if code == "already_requested":
            approve_request(actor=SYSTEM, request=subscription)


def test_strangers_ask_for_nobody(registered: Registration, stranger: User) -> None:
    with pytest.raises(NotAllowed):
        request_access(
            actor=Actor.person(stranger), service=NAME, reason="More", subscribes=["other"]
        )
