"""Whoever changes something may say which version was read; another one stays as it is."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.models import SubscriptionStatus
from eventbus_admin.registry.models import Subscription
from tests.unit.api.conftest import Program

THINGS = (
    ("event-types/exportRequested/", {"description": "mine"}, {"description": "theirs"}),
    ("services/export-manager/", {"description": "mine"}, {"description": "theirs"}),
    ("subscriptions/exportRequested/export-manager/", {"prefetch": 1}, {"prefetch": 2}),
)


@pytest.fixture
def bus(world: Subscription, operator: User, program: Callable[..., Program]) -> Program:
    """An operator's program."""
    return program(operator)


@pytest.mark.parametrize(("path", "mine", "theirs"), THINGS)
def test_of_two_who_read_the_same_the_second_is_told(
    path: str, mine: object, theirs: object, bus: Program
) -> None:
    tag = bus.get(path)["ETag"]

    first = bus.patch(path, theirs, If_Match=tag)
    second = bus.patch(path, mine, If_Match=tag)

    assert first.status_code == 200
    assert first["ETag"] == bus.get(path)["ETag"] != tag
    assert (second.status_code, second.json()["code"]) == (412, "changed")
    assert AuditEntry.objects.count() == 1
    assert bus.get(path).json() == first.json()


@pytest.mark.parametrize(("path", "mine", "theirs"), THINGS)
@pytest.mark.parametrize("tags", ["*", '"x", {}', "{}", None])
def test_who_read_the_latest_or_does_not_ask_changes_it(
    path: str, mine: object, theirs: object, tags: str | None, bus: Program
) -> None:
    headers = {"If_Match": tags.format(bus.get(path)["ETag"])} if tags else {}
    assert bus.patch(path, mine, **headers).status_code == 200


def test_a_change_of_nothing_keeps_the_tag(bus: Program) -> None:
    path = "services/export-manager/"
    tag = bus.get(path)["ETag"]
    assert bus.patch(path, {"description": ""}, If_Match=tag)["ETag"] == tag


def test_what_is_observed_does_not_change_the_tag(bus: Program) -> None:
    path = "subscriptions/exportRequested/export-manager/"
    tag = bus.get(path)["ETag"]
    SubscriptionStatus.objects.update(messages_ready=1000)
    answer = bus.get(path)
    assert (answer["ETag"], answer.json()["messages_ready"]) == (tag, 1000)


def test_a_change_of_several_things_is_done_whole_or_not_at_all(bus: Program) -> None:
    # When one of two changes is refused: the type has a live subscription
    sent = {"description": "new", "lifecycle": "retired"}
    answer = bus.patch("event-types/exportRequested/", sent)

    # Then the other was not made either
    assert answer.status_code == 409
    assert bus.get("event-types/exportRequested/").json()["description"] == ""
