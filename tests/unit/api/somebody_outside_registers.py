"""Somebody without a token registers a service, and reads with its token what becomes of that."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.integrators.actions import invite_integrator
from eventbus_admin.registry.models import EventType, Service
from tests.unit.api.conftest import Program

ME = {
    "name": "crossref-exporter",
    "contact": "ops@example.org",
    "reason": "DOI deposits",
    "publishes": ["exportSuccessful"],
    "subscribes": ["beginCrossrefExport"],
}


@pytest.fixture(autouse=True)
def _open(settings: Any, make_event_type: Callable[..., EventType]) -> None:
    settings.EVENTBUS_REGISTRATION = "open"
    for name in ("exportSuccessful", "beginCrossrefExport"):
        make_event_type(name)


def test_the_answer_has_the_service_a_token_and_the_requests() -> None:
    answer = Program().post("integrators/", ME)

    assert answer.status_code == 201
    said = answer.json()
    assert said["service"] == "crossref-exporter"
    asked = [(one["kind"], one["event_type"], one["state"]) for one in said["requests"]]
    assert asked == [
        ("publication", "exportSuccessful", "requested"),
        ("subscription", "beginCrossrefExport", "requested"),
    ]
    assert Service.objects.get().contact == "ops@example.org"
    token = ApiToken.objects.get(service="crossref-exporter")
    assert token.scopes == ["read", "write", "credentials"]
    assert said["token"].partition(".")[0] == token.prefix


def test_the_token_reads_its_own_requests_and_no_others(
    operator: User, program: Callable[..., Program]
) -> None:
    mine = Program().post("integrators/", ME).json()
    other = Program().post("integrators/", {**ME, "name": "other"}).json()
    me, number, theirs = (
        Program(mine["token"]),
        mine["requests"][0]["id"],
        other["requests"][0]["id"],
    )

    assert [one["id"] for one in me.get("requests/").json()["results"]] == [
        one["id"] for one in mine["requests"]
    ]
    assert me.get(f"requests/{theirs}/").status_code == 404

    # A token that may write decides about nothing either
    writer = program(service="crossref-exporter")
    assert writer.post(f"requests/{theirs}/approve/", {}).status_code == 404
    assert writer.post(f"requests/{number}/approve/", {}).status_code == 403

    # When it is declined, the integrator reads why
    why = {"reason": "Take exportDone."}
    assert program(operator).post(f"requests/{number}/decline/", why).status_code == 200
    read = me.get(f"requests/{number}/").json()
    assert (read["state"], read["answer"], read["decided_by"]) == (
        "declined",
        "Take exportDone.",
        "otto",
    )
    assert program(operator).post(f"requests/{number}/approve/", {}).status_code == 409


def test_no_reason_declines_nothing(operator: User, program: Callable[..., Program]) -> None:
    number = Program().post("integrators/", ME).json()["requests"][0]["id"]
    answer = program(operator).post(f"requests/{number}/decline/", {})
    assert (answer.status_code, answer.json()["field"]) == (400, "reason")


def test_where_it_is_closed_that_is_said(settings: Any) -> None:
    settings.EVENTBUS_REGISTRATION = "closed"
    answer = Program().post("integrators/", ME)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")
    assert "Ask an operator" in answer.json()["message"]
    assert not Service.objects.exists()


def test_an_operator_registers_somebody_where_it_is_closed(
    settings: Any, operator: User, program: Callable[..., Program]
) -> None:
    settings.EVENTBUS_REGISTRATION = "closed"
    assert program(operator).post("integrators/", ME).status_code == 201


def test_an_invitation_is_good_for_one(settings: Any, operator: User) -> None:
    settings.EVENTBUS_REGISTRATION = "invite"
    code = invite_integrator(actor=Actor.person(operator)).code

    without = Program().post("integrators/", ME)
    assert (without.status_code, without.json()["field"]) == (400, "invitation")
    assert Program().post("integrators/", {**ME, "invitation": code}).status_code == 201
    again = Program().post("integrators/", {**ME, "name": "other", "invitation": code})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_invitation")


def test_a_taken_name_gives_no_token() -> None:
    assert Program().post("integrators/", ME).status_code == 201
    again = Program().post("integrators/", ME)
    assert (again.status_code, again.json()["field"]) == (409, "name")
    assert ApiToken.objects.count() == 1


def test_who_asks_for_nothing_is_told() -> None:
    answer = Program().post("integrators/", {**ME, "publishes": [], "subscribes": []})
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_asked")
    assert not Service.objects.exists()


def test_a_flood_is_refused_and_others_register_on(
    settings: Any, operator: User, program: Callable[..., Program]
) -> None:
    settings.EVENTBUS_REGISTRATION_RATE = 3
    answers = [
        Program().post("integrators/", {**ME, "name": f"flood-{number}"}) for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600
    assert Service.objects.count() == 3

    # Who is known is not held up, and the address may still read with its token
    assert Program(answers[0].json()["token"]).get("requests/").status_code == 200
    assert program(operator).post("integrators/", ME).status_code == 201
