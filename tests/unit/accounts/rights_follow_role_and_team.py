"""Everybody reads, members edit their team's things, operators do everything."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import Role, Team, User
from eventbus_admin.accounts.policies import Rights

PEOPLE = {
    "viewer": {},
    "member": {"team": "Journals"},
    "stranger": {"team": "Strangers"},
    "operator": {"role": Role.OPERATOR},
    "admin": {"role": Role.ADMIN},
    "superuser": {"is_superuser": True},
    "switched-off member": {"team": "Journals", "is_active": False},
    "switched-off operator": {"role": Role.OPERATOR, "is_active": False},
}


@pytest.mark.parametrize(
    ("who", "view", "edit", "operate"),
    [
        ("viewer", True, False, False),
        ("member", True, True, False),
        ("stranger", True, False, False),
        ("operator", True, True, True),
        ("admin", True, True, True),
        ("superuser", True, True, True),
        ("switched-off member", False, False, False),
        ("switched-off operator", False, False, False),
    ],
)
def test_each_kind_of_person(
    who: str, view: bool, edit: bool, operate: bool, make_user: Callable[..., User], journals: Team
) -> None:
    rights = Rights(Actor.person(make_user("pat", **PEOPLE[who])))

    assert bool(rights.can_view()) is view
    assert bool(rights.can_edit(journals)) is edit
    assert bool(rights.can_operate()) is operate


def test_the_system_may_do_everything(journals: Team) -> None:
    rights = Rights(SYSTEM)

    assert rights.can_view()
    assert rights.can_edit(journals)
    assert rights.can_operate()


@pytest.mark.parametrize("nobody", [Actor.visitor(), Actor("system"), Actor("")])
def test_who_is_nobody_known_may_do_nothing(nobody: Actor, journals: Team) -> None:
    rights = Rights(nobody)

    assert not rights.can_view()
    assert not rights.can_edit(journals)
    assert not rights.can_add_service(journals, internal=False)
    assert not rights.can_operate()
    assert rights.can_operate().why_not == "Sign in first."


def test_asking_for_many_things_reads_the_memberships_once(
    member: User, journals: Team, django_assert_num_queries: Callable[[int], object]
) -> None:
    rights = Rights(Actor.person(member))

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert all(rights.can_edit(journals) for _ in range(10))
