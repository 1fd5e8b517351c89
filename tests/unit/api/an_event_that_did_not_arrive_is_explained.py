"""Why not, over REST: the same facts, no payload, and a service asks about itself only."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.journal.models import JournalEntry, Outcome
from tests.unit.api.conftest import EVENT, Program

pytestmark = pytest.mark.usefixtures("world")

PATH = f"why/export-manager/{EVENT}/"


@pytest.fixture
def as_service(make_token: Callable[..., tuple[ApiToken, str]]) -> Callable[[str], Program]:
    """A program with a token of this service."""
    return lambda name: Program(make_token(service=name)[1])


@pytest.fixture
def as_operator(make_token: Callable[..., tuple[ApiToken, str]], operator: User) -> Program:
    """A program of an operator."""
    return Program(make_token(operator)[1])


def test_it_says_what_became_of_it_and_by_what_that_is_proven(as_operator: Program) -> None:
    JournalEntry.objects.update(payload={"secret": "pineapple"})
    answer = as_operator.get(PATH)
    found: dict[str, Any] = answer.json()

    assert (found["event"], found["service"]) == (EVENT, "export-manager")
    assert found["sentence"].endswith(".")
    assert {"proven", "stopped", "unknown", "aside"} >= {one["mark"] for one in found["findings"]}
    assert all(one["source"] for one in found["findings"])
    assert "pineapple" not in answer.content.decode()


def test_what_nobody_saw_is_answered_too(as_operator: Program) -> None:
    found = as_operator.get("why/export-manager/exportRequested_never/").json()
    assert (found["verdict"], found["event_type"]) == ("not_published", "exportRequested")
    old = "why/export-manager/exportRequested_never/?at=2001-01-01T00:00:00Z"
    assert as_operator.get(old).json()["verdict"] == "unknown"


def test_a_service_asks_about_itself_only(as_service: Callable[[str], Program]) -> None:
    program = as_service("export-manager")
    assert program.get(PATH).status_code == 200
    assert program.get(f"why/submission/{EVENT}/").status_code == 404
    # An event that it neither published nor reported is none of its business.
    JournalEntry.objects.update(source="submission")
    Outcome.objects.all().delete()
    assert program.get(PATH).status_code == 404
    # Nor is a type that it has nothing to do with.
    assert program.get("why/export-manager/unused_1/?type=unused").status_code == 404
