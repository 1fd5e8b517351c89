"""A service that asks with a token of its own is neither a person nor the system.

It does for itself what is for it alone, and nothing else.
"""

import pytest
from django.contrib.auth.models import AnonymousUser

from eventbus_admin.accounts.actor import SYSTEM, Actor, ServiceAccount
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User
from eventbus_admin.accounts.policies import Rights, may_read


def test_it_has_none_of_the_systems_rights(journals: Team) -> None:
    rights = Rights(Actor.of(ServiceAccount("export-manager")))

    assert not rights.can_view()
    assert not rights.can_operate()
    assert not rights.can_edit(journals)
    assert rights.can_edit(journals, "pause it").why_not == (
        "Only members of the team Journals or operators may pause it."
    )
    assert Rights(SYSTEM).can_operate()


def test_it_acts_for_itself_alone(journals: Team) -> None:
    rights = Rights(Actor.of(ServiceAccount("export-manager")))

    assert rights.can_act_for("export-manager", journals)
    assert rights.can_act_for("export-managers", journals, "issue it").why_not == (
        "Only members of the team Journals or operators may issue it."
    )


@pytest.mark.parametrize(
    ("who", "may"), [("member", True), ("operator", True), ("stranger", False), ("viewer", False)]
)
def test_its_team_and_operators_act_for_it_too(
    who: str, may: bool, journals: Team, request: pytest.FixtureRequest
) -> None:
    rights = Rights(Actor.person(request.getfixturevalue(who)))
    assert bool(rights.can_act_for("export-manager", journals)) is may


def test_all_of_the_registry_is_not_its_own() -> None:
    assert not may_read(ServiceAccount("export-manager"))


def test_it_acts_under_its_name() -> None:
    assert Actor.of(ServiceAccount("export-manager")) == Actor(
        "export-manager", service="export-manager"
    )


def test_a_person_is_a_person_and_nobody_is_nobody(member: User) -> None:
    assert Actor.of(member) == Actor.person(member)
    with pytest.raises(NotAllowed, match=r"Sign in first\."):
        Actor.of(AnonymousUser())
