"""Each action raises the revision by one; whoever listens hears it after the commit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.actions import create_service
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Revision, Service
from eventbus_admin.registry.revision import bump_revision, current_revision, registry_changed


@pytest.fixture
def heard() -> Iterator[list[int]]:
    numbers: list[int] = []

    def listen(revision: int, **_: Any) -> None:
        numbers.append(revision)

    registry_changed.connect(listen)
    yield numbers
    registry_changed.disconnect(listen)


def create(name: str) -> Service:
    return create_service(actor=SYSTEM, name=name, owner="Journals")


@pytest.mark.django_db
def test_it_counts_from_one_and_is_one_row() -> None:
    assert current_revision() == 0
    assert [bump_revision() for _ in range(3)] == [1, 2, 3]
    assert current_revision() == Revision.objects.get().number == 3


def test_listeners_hear_after_the_commit(
    journals: Team, heard: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        create("first")
        create("second")
        assert heard == [], "nothing is committed yet"

    assert heard == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_action_is_not_heard(heard: list[int]) -> None:
    Team.objects.create(name="Journals")

    with transaction.atomic():
        create("first")
        transaction.set_rollback(True)

    assert heard == []
    assert current_revision() == 0
    assert not Service.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_refused_action_is_not_heard(heard: list[int]) -> None:
    with pytest.raises(ActionError):
        create("first")

    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_does_not_fail_the_action(heard: list[int]) -> None:
    Team.objects.create(name="Journals")

    def broken(**_: Any) -> None:
        raise RuntimeError

    registry_changed.connect(broken)
    try:
        create("first")
    finally:
        registry_changed.disconnect(broken)

    assert heard == [1]
    assert Service.objects.get().name == "first"
