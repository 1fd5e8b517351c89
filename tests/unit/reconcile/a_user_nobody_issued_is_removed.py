"""A user with a name of ours that was never issued goes once an operator typed its name."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.broker.users import BrokerUser
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.reconcile.removing import remove_unmanaged_user
from eventbus_admin.registry.actions import issue_credential, revoke_credentials
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import UnwantedUser
from eventbus_admin.registry.revision import current_revision

Make = Callable[..., Any]
KNOWN, FOREIGN = "bus__meca-exporter__a", "bus__nobody__b"


@pytest.fixture(autouse=True)
def _on_the_broker(broker: MockBroker, fence: Fence, make_service: Make) -> None:
    """Somebody made two users by hand, one for a service that the registry knows."""
    make_service("meca-exporter")
    for name in (KNOWN, FOREIGN):
        broker.put_user(BrokerUser(name=name, password_hash="by hand"))
    reconcile_once(broker, fence=fence)


def users(broker: MockBroker) -> set[str]:
    return {one.name for one in broker.observe().users or ()}


def remove(user: str, confirm: str | None = None, actor: Actor = SYSTEM) -> UnwantedUser:
    return remove_unmanaged_user(actor=actor, user=user, confirm=confirm or user)


@pytest.mark.parametrize("name", [KNOWN, FOREIGN])
def test_the_leader_takes_it_away_and_again_wherever_it_turns_up(
    name: str, broker: MockBroker, fence: Fence, operator: User
) -> None:
    assert BrokerObject.objects.get(name=name).sync == "unmanaged"
    before = current_revision()

    remove(name, actor=Actor.person(operator))

    assert current_revision() == before + 1
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.object_kind, entry.object_name) == (
        operator,
        "removed",
        "broker_user",
        name,
    )
    for _ in range(2):
        done = reconcile_once(broker, fence=fence)
        assert [(one.item.step, one.item.name, one.error) for one in done.results] == [
            ("delete", name, "")
        ]
        assert users(broker) == {KNOWN, FOREIGN} - {name}
        assert not BrokerObject.objects.filter(name=name).exists()
        assert reconcile_once(broker, fence=fence).results == ()
        broker.put_user(BrokerUser(name=name, password_hash="once more"))


def test_a_plan_never_does(broker: MockBroker, fence: Fence) -> None:
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    with pytest.raises(ActionError, match="The plan can do nothing about") as refused:
        request_apply(actor=SYSTEM, names=[KNOWN])
    assert refused.value.code == "unknown_step"
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert users(broker) == {KNOWN, FOREIGN}


def test_its_name_is_typed(broker: MockBroker, fence: Fence) -> None:
    for typed in (FOREIGN, KNOWN.upper(), f"{KNOWN} ", "yes"):
        with pytest.raises(ActionError, match=f"Type {KNOWN}") as refused:
            remove(KNOWN, typed)
        assert refused.value.code == "invalid_confirmation"
    reconcile_once(broker, fence=fence)
    assert users(broker) == {KNOWN, FOREIGN}
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "name", ["guest", "bus", "bus__a__c", "bus__meca-exporter__b", "bus__b\0__a", ""]
)
def test_no_other_user_is(name: str) -> None:
    with pytest.raises(ActionError, match="There is no unmanaged user") as refused:
        remove(name)
    assert refused.value.code == "unknown_user"


@pytest.mark.parametrize("who", ["member", "viewer", "stranger"])
def test_only_operators_may(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed, match="Only operators may remove users"):
        remove(KNOWN, actor=Actor.person(request.getfixturevalue(who)))
    assert not UnwantedUser.objects.exists()


def test_what_was_issued_meanwhile_is_revoked_instead() -> None:
    issue_credential(actor=SYSTEM, service="meca-exporter")
    with pytest.raises(ActionError) as refused:
        remove(KNOWN)
    assert refused.value.code == "issued"


def test_a_name_may_still_be_issued_and_revoked_later(broker: MockBroker, fence: Fence) -> None:
    remove(KNOWN)
    reconcile_once(broker, fence=fence)
    issued = issue_credential(actor=SYSTEM, service="meca-exporter")

    for _ in range(2):
        reconcile_once(broker, fence=fence)
        found = {one.name: one.password_hash for one in broker.observe().users or ()}
        assert found[KNOWN] == issued.credential.password_hash
    assert BrokerObject.objects.get(name=KNOWN, kind="user").sync == "in_sync"

    revoke_credentials(actor=SYSTEM, service="meca-exporter")
    reconcile_once(broker, fence=fence)
    assert users(broker) == {FOREIGN}


def test_asked_for_twice_it_is_one(broker: MockBroker) -> None:
    assert remove(KNOWN) == remove(KNOWN)
