"""Whoever is refused reads a sentence that says who may."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User
from eventbus_admin.accounts.policies import Rights


def test_a_stranger_reads_which_team_may(stranger: User, journals: Team) -> None:
    decision = Rights(Actor.person(stranger)).can_edit(journals, "pause this subscription")

    assert not decision
    assert decision.why_not == (
        "Only members of the team Journals or operators may pause this subscription."
    )


def test_a_viewer_reads_that_operators_may(viewer: User) -> None:
    decision = Rights(Actor.person(viewer)).can_operate("apply a plan")

    assert decision.why_not == "Only operators may apply a plan."


def test_a_switched_off_account_is_told_so(make_user: Callable[..., User], journals: Team) -> None:
    rights = Rights(Actor.person(make_user("kim", team="Journals", is_active=False)))

    assert "switched off" in rights.can_view().why_not
    assert rights.can_edit(journals).why_not == rights.can_view().why_not


def test_requiring_a_refused_right_raises_the_sentence(stranger: User, journals: Team) -> None:
    decision = Rights(Actor.person(stranger)).can_edit(journals)

    with pytest.raises(NotAllowed) as refusal:
        decision.require()

    assert str(refusal.value) == decision.why_not
    assert isinstance(refusal.value, PermissionDenied), "Django must answer it with 403"


def test_requiring_a_granted_right_passes(member: User, journals: Team) -> None:
    Rights(Actor.person(member)).can_edit(journals).require()


def test_nobody_signed_in_is_asked_to_sign_in() -> None:
    with pytest.raises(NotAllowed, match="Sign in"):
        Actor.person(AnonymousUser())
