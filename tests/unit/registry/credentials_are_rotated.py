"""A rotation gives a service a second user, and ends with one of the two."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    cancel_rotation,
    end_rotation,
    issue_credential,
    reissue_credential,
    revoke_credentials,
    rotate_credential,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Credential, Service

ME = "meca-exporter"


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    service = make_service(ME)
    issue_credential(actor=SYSTEM, service=service)
    return service


def live() -> dict[str, bool]:
    """The valid ones by slot, and whether each is to leave."""
    leaving = set(Credential.objects.leaving())
    return {one.slot: one in leaving for one in Credential.objects.live()}


def test_both_are_valid_and_the_old_one_is_to_leave(service: Service) -> None:
    before = Credential.objects.get().password_hash
    issued = rotate_credential(actor=SYSTEM, service=service)
    assert issued.credential.slot == "b"
    assert len(issued.secret) >= 43
    assert live() == {"a": True, "b": False}
    assert Credential.objects.get(slot="a").password_hash == before


def test_ending_revokes_the_old_one_and_cancelling_the_new_one(service: Service) -> None:
    rotate_credential(actor=SYSTEM, service=service)
    assert cancel_rotation(actor=SYSTEM, service=service).slot == "b"
    assert live() == {"a": False}
    rotate_credential(actor=SYSTEM, service=service)
    assert end_rotation(actor=SYSTEM, service=service).slot == "a"
    assert live() == {"b": False}
    rotate_credential(actor=SYSTEM, service=service)
    assert live() == {"a": False, "b": True}


@pytest.mark.parametrize("act", [end_rotation, cancel_rotation])
def test_without_a_rotation_there_is_nothing_to_end(
    act: Callable[..., object], service: Service
) -> None:
    def refused() -> str:
        with pytest.raises(ActionError) as error:
            act(actor=SYSTEM, service=service)
        return error.value.code

    assert refused() == "not_rotating"
    reissue_credential(actor=SYSTEM, service=service, keep_old=True)
    assert refused() == "not_rotating", "two side by side are no rotation"
    assert live() == {"a": False, "b": False}


def test_who_has_two_already_or_none_cannot_rotate(service: Service) -> None:
    rotate_credential(actor=SYSTEM, service=service)
    with pytest.raises(ActionError) as error:
        rotate_credential(actor=SYSTEM, service=service)
    assert error.value.code == "two_issued"
    revoke_credentials(actor=SYSTEM, service=service)
    with pytest.raises(ActionError) as error:
        rotate_credential(actor=SYSTEM, service=service)
    assert error.value.code == "not_issued"


@pytest.mark.parametrize("slot", ["a", "b"])
def test_revoking_either_ends_it_too(slot: str, service: Service) -> None:
    rotate_credential(actor=SYSTEM, service=service)
    revoke_credentials(actor=SYSTEM, service=service, slot=slot)
    assert list(live().values()) == [False]
    # What stayed is not taken for one that leaves when another is put beside it.
    reissue_credential(actor=SYSTEM, service=service, keep_old=True)
    assert live() == {"a": False, "b": False}


def test_the_end_of_another_rotation_is_refused(service: Service) -> None:
    rotate_credential(actor=SYSTEM, service=service)
    meant = Credential.objects.get(slot="a")
    end_rotation(actor=SYSTEM, service=service)
    rotate_credential(actor=SYSTEM, service=service)
    cancel_rotation(actor=SYSTEM, service=service)
    rotate_credential(actor=SYSTEM, service=service)
    with pytest.raises(ActionError) as error:
        end_rotation(actor=SYSTEM, service=service, old=meant)
    assert error.value.code == "not_rotating"
    assert live() == {"a": False, "b": True}


def test_it_is_told_in_the_audit_trail(service: Service, member: User) -> None:
    AuditEntry.objects.all().delete()
    mia = Actor.person(member)
    rotate_credential(actor=mia, service=service)
    cancel_rotation(actor=mia, service=service)
    secrets = [rotate_credential(actor=mia, service=service).secret]
    end_rotation(actor=SYSTEM, service=service, why="nobody used it")
    entries = list(AuditEntry.objects.order_by("id"))
    old, new = f"bus__{ME}__a", f"bus__{ME}__b"
    assert [(one.actor_name, one.verb, one.object_name) for one in entries] == [
        ("mia", "issued anew", new),
        ("mia", "began to rotate", old),
        ("mia", "revoked", new),
        ("mia", "cancelled the rotation", old),
        ("mia", "issued anew", new),
        ("mia", "began to rotate", old),
        ("system", "ended the rotation", old),
        ("system", "revoked", old),
    ]
    assert entries[-2].after == {"why": "nobody used it"}
    assert secrets[0] not in str([(one.before, one.after) for one in entries])
