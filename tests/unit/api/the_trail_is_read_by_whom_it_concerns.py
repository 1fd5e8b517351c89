"""Operators read all of the audit trail; others what they did and what was done to their things."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.registry.models import Subscription
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]


@pytest.fixture
def trail(
    world: Subscription,
    make_subscription: Callable[..., Subscription],
    make_service: Callable[..., Any],
    make_token: Callable[..., Any],
    member: User,
    operator: User,
) -> dict[str, str]:
    """Entries about each kind of thing, of the team Journals and of the team Strangers."""
    make_service("other", team="Strangers")
    make_service("system", team="Strangers")
    make_subscription("exportRequested", "other")
    things = [
        ("service", "export-manager"),
        ("service", "other"),
        ("event_type", "exportRequested"),
        ("subscription", "exportRequested/export-manager"),
        ("subscription", "exportRequested/other"),
        ("publication", "exportRequested/export-manager"),
        ("credential", "bus__export-manager__b"),
        ("credential", "bus__other__a"),
        ("token", make_token(member)[0].prefix),
        ("token", make_token(service="other")[0].prefix),
        ("token", make_token(operator)[0].prefix),
        ("run", "0d4f3f5e-6a53-4b3e-9f0e-2f6f1b6c7d11"),
        ("invitation", "3"),
    ]
    for kind, name in things:
        record(actor=SYSTEM, verb="touched", object_kind=kind, object_name=name)
    record(actor=Actor.person(member), verb="asked", object_kind="invitation", object_name="4")
    return {f"{kind} {name}": name for kind, name in things}


def read(bus: Program) -> list[str]:
    return [f"{one['kind']} {one['object']}" for one in bus.get("audit/").json()["results"]][::-1]


def test_operators_read_everything(trail: dict[str, str], operator: User, program: Caller) -> None:
    assert read(program(operator)) == [*trail, "invitation 4"]


def test_members_read_what_concerns_their_team(
    trail: dict[str, str], member: User, stranger: User, program: Caller
) -> None:
    whole = [*trail, "invitation 4"]
    mine = [whole[place] for place in (0, 2, 3, 5, 6, 8, 13)]
    assert read(program(member)) == mine
    assert read(program(stranger)) == [whole[place] for place in (1, 4, 7, 9)]


def test_who_owns_nothing_reads_what_they_did(
    trail: dict[str, str], viewer: User, program: Caller
) -> None:
    assert read(program(viewer)) == []
    record(actor=Actor.person(viewer), verb="looked", object_kind="run", object_name="x")
    assert read(program(viewer)) == ["run x"]


def test_a_service_reads_what_was_done_to_its_own(trail: dict[str, str], program: Caller) -> None:
    whole = list(trail)
    assert read(program(service="other"))[:4] == [whole[place] for place in (1, 4, 7, 9)]
    assert read(program(service="system")) == [], "that is a name, and not the system"


def test_one_request_is_found_by_its_id(
    world: Subscription, operator: User, member: User, program: Caller
) -> None:
    path = "subscriptions/exportRequested/export-manager/pause/"
    request_id = program(member).post(path)["X-Request-Id"]
    with audit_group():
        record(actor=SYSTEM, verb="other", object_kind="service", object_name="export-manager")

    (entry,) = program(operator).get(f"audit/?group={request_id}").json()["results"]

    assert (entry["actor"], entry["verb"], entry["object"]) == (
        "mia", "paused", "exportRequested/export-manager",
    )  # fmt: skip
    assert (entry["before"], entry["after"]) == ({"state": "active"}, {"state": "paused"})
