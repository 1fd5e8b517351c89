"""On the page Drift an operator removes a user that was never issued, by typing its name."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.registry.models import UnwantedUser

NAME = "bus__meca-exporter__a"
SignIn = Callable[[User], Client]


@pytest.fixture
def page(answering_broker: ReconcileState) -> str:
    """Where the user is shown."""
    made = BrokerObject.objects.create(
        kind="user", name=NAME, sync="unmanaged", message="Never issued.", since=timezone.now()
    )
    return f"/drift/objects/{made.pk}/"


def removing(page: str) -> str:
    """Where its removal is asked for."""
    return page.replace("/objects/", "/users/") + "remove/"


def test_typing_its_name_removes_it(page: str, operator: User, signed_in: SignIn) -> None:
    client = signed_in(operator)
    shown = client.get(page).content.decode()
    assert "Type its name to remove it" in shown
    assert f'action="{removing(page)}"' in shown

    wrong = client.post(removing(page), {"confirm": "yes"}, follow=True).content.decode()
    assert f"Type {NAME} to have it removed." in wrong
    assert not UnwantedUser.objects.exists()

    done = client.post(removing(page), {"confirm": f" {NAME} "}, follow=True).content.decode()
    assert f"{NAME} is gone, and its connections with it." in done
    assert UnwantedUser.objects.get().name == NAME


@pytest.mark.parametrize("who", ["member", "stranger"])
def test_others_read_who_may(
    who: str, page: str, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert "Only operators may remove it." in client.get(page).content.decode()
    answer = client.post(removing(page), {"confirm": NAME}, follow=True)
    assert "Only operators may remove users from the broker." in answer.content.decode()
    assert not UnwantedUser.objects.exists()


def test_nobody_signed_in_is_sent_to_sign_in(page: str) -> None:
    answer = Client().post(removing(page), {"confirm": NAME})
    assert answer["Location"].startswith("/login/")
    assert not UnwantedUser.objects.exists()


def test_other_objects_have_no_such_button(page: str, operator: User, signed_in: SignIn) -> None:
    client = signed_in(operator)
    for kind, sync in (("user", "in_sync"), ("user", "surplus"), ("queue", "unmanaged")):
        BrokerObject.objects.update(kind=kind, sync=sync)
        assert "Type its name" not in client.get(page).content.decode()
        client.post(removing(page), {"confirm": NAME})
    assert not UnwantedUser.objects.exists()
