"""Invitations over REST: the code is in the answer that made it, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.api.models import KeptAnswer
from eventbus_admin.integrators.models import Invitation
from eventbus_admin.registry.models import EventType
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]


@pytest.fixture
def bus(operator: User, program: Caller, settings: Any) -> Program:
    """An operator's program, where registering takes an invitation."""
    settings.EVENTBUS_REGISTRATION = "invite"
    return program(operator)


def register(code: str, name: str = "crossref-exporter") -> int:
    sent = {
        "name": name,
        "contact": "ops@example.org",
        "reason": "DOI deposits",
        "subscribes": ["exportRequested"],
        "invitation": code,
    }
    return Program().post("integrators/", sent).status_code


def states(bus: Program, query: str = "") -> list[tuple[int, str]]:
    return [(one["id"], one["state"]) for one in bus.get(f"invitations/{query}").json()["results"]]


def test_the_code_is_shown_once_and_good_for_one(
    bus: Program, make_event_type: Callable[..., EventType]
) -> None:
    make_event_type("exportRequested")
    made = bus.post("invitations/", {"note": "Crossref"}, Idempotency_Key="k1")
    body = made.json()
    code = body.pop("code")

    assert made.status_code == 201
    assert (body["state"], body["note"], body["created_by"]) == ("open", "Crossref", "otto")
    again = bus.post("invitations/", {"note": "Crossref"}, Idempotency_Key="k1").json()
    assert again == {**body, "code": None}
    one = bus.get(made["Location"].removeprefix("http://testserver"))
    assert one.json() == body
    for text in (one.content.decode(), bus.get("invitations/").content.decode()):
        assert code not in text
    assert code not in str([*KeptAnswer.objects.values(), *Invitation.objects.values()])

    assert register(code) == 201
    used = bus.get(f"invitations/{body['id']}/").json()
    assert (used["state"], used["used_by"]) == ("used", "crossref-exporter")
    assert register(code, "another") == 400
    assert bus.delete(f"invitations/{body['id']}/").json()["code"] == "not_open"


def test_a_withdrawn_one_is_worthless(
    bus: Program, make_event_type: Callable[..., EventType]
) -> None:
    make_event_type("exportRequested")
    made = bus.post("invitations/").json() | bus.post("invitations/", {}).json()
    assert bus.delete(f"invitations/{made['id']}/").status_code == 204
    assert register(made["code"]) == 400
    assert bus.get(f"invitations/{made['id']}/").json()["state"] == "ended"
    assert bus.delete(f"invitations/{made['id']}/").status_code == 409


def test_they_are_told_apart_by_state(bus: Program) -> None:
    now = timezone.now()
    for number, fields in enumerate(
        ({}, {"used": now}, {"expires": now - timedelta(days=1)}, {"used": now, "expires": now})
    ):
        values = {"expires": now + timedelta(days=1), **fields}
        Invitation.objects.create(pk=number + 1, code_hash=str(number), **values)
    assert states(bus) == [(4, "used"), (3, "ended"), (2, "used"), (1, "open")]
    assert states(bus, "?state=open") == [(1, "open")]
    assert states(bus, "?state=used") == [(4, "used"), (2, "used")]
    assert states(bus, "?state=ended") == [(3, "ended")]


def test_a_note_that_is_too_long(bus: Program) -> None:
    answer = bus.post("invitations/", {"note": "x" * 201})
    assert (answer.status_code, answer.json()["field"]) == (400, "note")
