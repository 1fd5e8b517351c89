"""An audit entry says who did what to which object, and what changed."""

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.audit.recording import record


def test_a_persons_deed(member: User) -> None:
    record(
        actor=Actor.person(member),
        verb="paused",
        object_kind="subscription",
        object_name="exportRequested/export-manager",
        before={"state": "active"},
        after={"state": "paused"},
    )

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (member, "mia")
    assert (entry.before, entry.after) == ({"state": "active"}, {"state": "paused"})
    assert str(entry) == "mia: paused subscription exportRequested/export-manager"


@pytest.mark.django_db
def test_the_systems_deed_names_the_system() -> None:
    record(actor=SYSTEM, verb="created", object_kind="service", object_name="submission")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "system")


def test_an_entry_outlives_the_account(member: User) -> None:
    record(actor=Actor.person(member), verb="created", object_kind="service", object_name="s")

    member.delete()

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "mia")


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["password", "token", "secret"])
def test_a_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=secret):
        record(
            actor=SYSTEM,
            verb="changed",
            object_kind="user",
            object_name="mia",
            after={secret: "hunter2"},
        )

    assert not AuditEntry.objects.exists()
