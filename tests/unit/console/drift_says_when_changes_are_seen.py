"""The page says whether the broker tells of changes, or what would make it."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.reconcile.models import ReconcileState
from tests.unit.api.conftest import Program

ENABLE = "Enable its plugin: rabbitmq-plugins enable rabbitmq_event_exchange"


@pytest.mark.parametrize(
    ("hearing", "message", "sentence"),
    [
        ("on", "", "shows up within two seconds"),
        ("off", ENABLE, ENABLE),
        ("unknown", "", ""),
    ],
)
def test_it_says_so_to_everybody(
    answering_broker: ReconcileState,
    signed_in: Callable[[User], Client],
    stranger: User,
    hearing: str,
    message: str,
    sentence: str,
) -> None:
    ReconcileState.objects.update(hearing=hearing, hearing_message=message)
    page = signed_in(stranger).get("/drift/").content.decode()

    assert sentence in page
    assert ("at the next comparison, 5 s apart" in page) is bool(message)

    _, token = issue(name="a program", scopes=[TokenScope.READ], user=stranger)
    broker = Program(token).get("status/").json()["broker"]  # type: ignore[attr-defined]
    assert (broker["hints"], broker["hints_message"]) == (hearing, message)
