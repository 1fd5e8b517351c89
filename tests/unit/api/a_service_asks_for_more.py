"""A registered service asks for more later, for itself and within bounds."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.models import User
from eventbus_admin.integrators.actions import MOST_AT_ONCE
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.models import EventType, Service, Subscription
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]
ME = "crossref-exporter"
ASKED = {"service": ME, "reason": "Corrections.", "subscribes": ["corrected"]}


@pytest.fixture(autouse=True)
def _world(make_service: Callable[..., Service], make_event_type: Callable[..., EventType]) -> None:
    make_service(ME, kind="integrator")
    make_event_type("corrected")


def test_it_waits_for_an_operator_as_the_first_ones_did(program: Caller, operator: User) -> None:
    answer = program(service=ME).post("requests/", ASKED)

    assert answer.status_code == 201
    (asked,) = answer.json()["requests"]
    assert (asked["kind"], asked["event_type"], asked["state"], asked["reason"]) == (
        "subscription", "corrected", "requested", "Corrections.",
    )  # fmt: skip
    found = program(operator).get(answer["Location"].removeprefix("http://testserver")).json()
    assert found["results"] == [asked]
    assert Subscription.objects.get().state == "requested"

    # Asked again it is a conflict; declined, it may be asked for again
    again = program(service=ME).post("requests/", ASKED)
    assert (again.status_code, again.json()["code"]) == (409, "already_requested")
    program(operator).post(f"requests/{asked['id']}/decline/", {"reason": "Not yet."})
    assert program(service=ME).post("requests/", ASKED).status_code == 201


def test_sent_twice_it_asks_once(program: Caller) -> None:
    me = program(service=ME)
    first = me.post("requests/", ASKED, Idempotency_Key="k1")
    assert me.post("requests/", ASKED, Idempotency_Key="k1").json() == first.json()
    assert AccessRequest.objects.count() == 1


def test_a_service_asks_for_itself_only(
    program: Caller, stranger: User, member: User, make_service: Callable[..., Service]
) -> None:
    make_service("other", team="Strangers")
    refused = program(service="other").post("requests/", ASKED)
    unknown = program(service="other").post("requests/", {**ASKED, "service": "nobody"})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_service")
    assert refused.json()["message"] == unknown.json()["message"].replace("nobody", ME)
    assert program(stranger).post("requests/", ASKED).status_code == 403
    assert not AccessRequest.objects.exists()
    assert program(member).post("requests/", ASKED).status_code == 201


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"subscribes": []}, "nothing_asked", "subscribes"),
        ({"subscribes": ["unknown"]}, "unknown_event_type", "subscribes"),
        ({"reason": ""}, "blank", "reason"),
        ({"contact": "x@example.org"}, "unknown_field", "contact"),
    ],
)
def test_what_is_wrong_is_said(
    changed: dict[str, Any], code: str, field: str, program: Caller
) -> None:
    answer = program(service=ME).post("requests/", {**ASKED, **changed})
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)


def test_one_service_leaves_room_for_others(
    program: Caller, make_event_type: Callable[..., EventType]
) -> None:
    names = [make_event_type(f"type{number}").name for number in range(MOST_AT_ONCE)]
    me = program(service=ME)
    assert me.post("requests/", {**ASKED, "subscribes": names}).status_code == 201
    answer = me.post("requests/", ASKED)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_waiting")
    assert AccessRequest.objects.count() == MOST_AT_ONCE
