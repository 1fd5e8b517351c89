"""Credentials become users on the broker, and what these may do follows from the registry."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from bus_core.rights import NOTHING, Permissions, confined_permissions, declaring_permissions
from bus_core.topology import Topology
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.interface import BrokerInfo, Observation
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.broker.users import BrokerUser, Grant
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.desired import access_of, read_registry, topology_of
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import Item, StepKind, make_plan
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.actions import (
    issue_credential,
    reissue_credential,
    revoke_credentials,
)
from eventbus_admin.registry.models import Publication, Service
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.states import ServiceKind
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]
USER = "bus__meca-exporter__a"
OTHER = "bus__meca-exporter__b"


@pytest.fixture
def service(make_service: Make, make_subscription: Make, make_event_type: Make) -> Service:
    """An integrator that has one of everything."""
    found = make_service("meca-exporter", kind=ServiceKind.INTEGRATOR)
    for state in ("active", "paused", "requested", "declined", "retired"):
        make_subscription(f"heard.{state}", "meca-exporter", state=state)
        if state != "paused":
            event_type = make_event_type(f"said.{state}")
            Publication.objects.create(service=found, event_type=event_type, state=state)
    return found


@pytest.fixture
def watched(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


def seen(broker: MockBroker | Wrapped) -> tuple[dict[str, str], dict[str, Permissions]]:
    look = broker.observe()
    users = {one.name: one.password_hash for one in look.users or ()}
    return users, {one.user: one.permissions for one in look.grants}


def sync(name: str, kind: str = "user") -> str:
    return BrokerObject.objects.get(name=name, kind=kind).sync


# -- what a service may do ---------------------------------------------------------------------


def test_rights_follow_from_what_is_active_and_nothing_else(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    (grant,) = access_of(read_registry()).grants
    assert grant.user == USER
    assert grant.permissions == confined_permissions(
        "meca-exporter", publishes=["said.active"], listens=["heard.active", "heard.paused"]
    )


def test_a_service_of_our_own_may_declare_what_is_its_own(make_subscription: Make) -> None:
    make_subscription("heard", "meca-exporter")
    issue_credential(actor=SYSTEM, service="meca-exporter")
    (grant,) = access_of(read_registry()).grants
    assert grant.permissions == declaring_permissions("meca-exporter", listens=["heard"])


def test_what_is_only_asked_for_gives_no_right_and_no_object(
    make_service: Make, make_subscription: Make, make_event_type: Make
) -> None:
    integrator = make_service("crossref", kind=ServiceKind.INTEGRATOR)
    subscription = make_subscription("heard", "crossref", state="requested")
    Publication.objects.create(
        service=integrator, event_type=make_event_type("said"), state="requested"
    )
    issue_credential(actor=SYSTEM, service="crossref")
    (grant,) = access_of(read_registry()).grants
    assert grant.permissions == Permissions(configure=NOTHING, write=NOTHING, read=NOTHING)
    assert not [one for one in topology_of(read_registry()).queues if "crossref" in one.name]
    subscription.state = "active"
    subscription.save()
    assert [one for one in topology_of(read_registry()).queues if "crossref" in one.name]


# -- onto the broker ---------------------------------------------------------------------------


def test_issuing_makes_the_user_without_being_asked(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    reconcile_once(broker, fence=fence)
    assert seen(broker) == ({}, {})
    issued = issue_credential(actor=SYSTEM, service=service)
    done = reconcile_once(broker, fence=fence)
    users, grants = seen(broker)
    assert users == {USER: issued.credential.password_hash}
    assert grants[USER].read != NOTHING
    assert (sync(USER), sync(USER, "permission")) == ("in_sync", "in_sync")
    assert done.applied
    assert reconcile_once(broker, fence=fence, policy=ApplyAll()).results == ()


def test_revoking_takes_the_user_away_without_being_asked(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    revoke_credentials(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    assert seen(broker) == ({}, {})
    assert not BrokerObject.objects.filter(kind__in=("user", "permission")).exists()


def test_a_revoked_user_that_comes_back_goes_again(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    revoke_credentials(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    broker.put_user(BrokerUser(name=USER, password_hash=rabbitmq_hash("old")))
    reconcile_once(broker, fence=fence)
    assert seen(broker) == ({}, {})


def test_issuing_anew_replaces_the_user(service: Service, watched: Wrapped, fence: Fence) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reconcile_once(watched, fence=fence)
    issued = reissue_credential(actor=SYSTEM, service=service)
    reconcile_once(watched, fence=fence)
    assert seen(watched)[0] == {OTHER: issued.credential.password_hash}


def test_a_new_secret_under_an_old_name_ends_its_connections(
    service: Service, watched: Wrapped, fence: Fence
) -> None:
    """As after two new secrets while the broker was away."""
    issue_credential(actor=SYSTEM, service=service)
    reconcile_once(watched, fence=fence)
    for _ in range(2):
        issued = reissue_credential(actor=SYSTEM, service=service)
    watched.writes.clear()
    reconcile_once(watched, fence=fence)
    assert watched.writes == [USER, f"connections of {USER}"]
    assert seen(watched)[0] == {USER: issued.credential.password_hash}


def test_a_right_taken_back_ends_connections_and_a_new_one_does_not(
    service: Service, watched: Wrapped, fence: Fence
) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reconcile_once(watched, fence=fence)
    watched.writes.clear()
    publication = Publication.objects.get(event_type__name="said.declined")
    publication.state = "active"
    publication.save()
    reconcile_once(watched, fence=fence)
    assert watched.writes == ["event__said.declined", f"rights of {USER}"][1:]
    watched.writes.clear()
    publication.state = "retired"
    publication.save()
    reconcile_once(watched, fence=fence)
    assert watched.writes == [f"rights of {USER}", f"connections of {USER}"]


# -- drift -------------------------------------------------------------------------------------


def test_what_others_change_is_shown_and_waits_for_a_person(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    issued = issue_credential(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    broker.put_user(BrokerUser(name=USER, password_hash=rabbitmq_hash("x"), tags=("management",)))
    broker.grant(Grant(user=USER, permissions=Permissions(read=".*")))
    reconcile_once(broker, fence=fence)
    assert (sync(USER), sync(USER, "permission")) == ("differs", "differs")
    said = BrokerObject.objects.get(name=USER, kind="user").message
    assert "tags should be eventbus, is management" in said
    assert "read should be ^(?:consumer" in BrokerObject.objects.get(kind="permission").message
    assert seen(broker)[1][USER].read == ".*"
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert seen(broker)[0] == {USER: issued.credential.password_hash}
    assert (sync(USER), sync(USER, "permission")) == ("in_sync", "in_sync")


def test_a_deleted_user_is_restored_with_the_same_secret(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    issued = issue_credential(actor=SYSTEM, service=service)
    reconcile_once(broker, fence=fence)
    broker.delete_user(USER)
    reconcile_once(broker, fence=fence)
    assert (sync(USER), sync(USER, "permission")) == ("missing", "missing")
    said = BrokerObject.objects.get(name=USER, kind="user").message
    assert said.startswith("meca-exporter cannot sign in as bus__meca-exporter__a until")
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert seen(broker)[0] == {USER: issued.credential.password_hash}


def test_a_user_that_was_never_issued_is_shown_and_left(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    broker.put_user(BrokerUser(name=OTHER, password_hash=rabbitmq_hash("x")))
    broker.grant(Grant(user=OTHER, permissions=Permissions(read=".*")))
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    row = BrokerObject.objects.get(kind="user")
    assert (row.name, row.sync, row.service_name) == (OTHER, "unmanaged", "meca-exporter")
    assert OTHER in seen(broker)[0]


def test_foreign_users_are_not_ours(service: Service) -> None:
    look = Observation(
        broker=BrokerInfo(identity="x", name="x", version=""),
        users=(BrokerUser(name="guest"), BrokerUser(name="bus__meca-exporter")),
    )
    assert only_ours(make_plan(look, Topology())).items == ()


# -- what is kept of it ------------------------------------------------------------------------


def test_neither_secret_nor_hash_is_in_what_pages_read(
    service: Service, broker: MockBroker, fence: Fence
) -> None:
    issued = issue_credential(actor=SYSTEM, service=service)
    request_apply(actor=SYSTEM)
    reconcile_once(broker, fence=fence)
    broker.put_user(BrokerUser(name=USER, password_hash=rabbitmq_hash("x")))
    done = reconcile_once(broker, fence=fence)
    assert done.seen is not None
    (theirs,) = done.seen.users or ()
    rows = json.dumps(list(BrokerObject.objects.values("name", "message", "should", "found")))
    for kept in (issued.secret, issued.credential.password_hash, theirs.password_hash):
        assert kept not in rows
        assert kept not in repr(done.wishes) + repr(done.seen) + repr(done.plan)


# -- without the right to manage users ----------------------------------------------------------


def items_unseen(broker: MockBroker) -> dict[str, Item]:
    wishes = read_registry()
    look = replace(broker.observe(), users=None, grants=())
    plan = only_ours(make_plan(look, topology_of(wishes), access_of(wishes)))
    return {f"{one.object} {one.name}": one for one in plan.items if "bus__meca" in one.name}


def test_who_may_not_manage_users_is_told_so(service: Service, broker: MockBroker) -> None:
    assert items_unseen(broker) == {}
    issue_credential(actor=SYSTEM, service=service)
    found = items_unseen(broker)
    assert found.keys() == {f"user {USER}", f"permission {USER}"}
    assert {one.step for one in found.values()} == {StepKind.BLOCKED}
    assert all("the tag administrator" in one.reason for one in found.values())
    revoke_credentials(actor=SYSTEM, service=service)
    assert items_unseen(broker).keys() == {f"user {USER}"}
