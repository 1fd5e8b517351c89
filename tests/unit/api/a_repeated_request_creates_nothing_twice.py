"""A request with an idempotency key may be sent again: it is answered as before, no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.api.models import KeptAnswer
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.models import Run
from eventbus_admin.reconcile.stored_plan import plan_id
from eventbus_admin.registry.models import EventType, Service, Subscription
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]
NEW = {"name": "new", "owner": "Journals"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("event-types/", NEW),
        ("services/", NEW),
        ("publications/", {"event_type": "unused", "service": "export-manager"}),
        ("subscriptions/", {"event_type": "unused", "service": "export-manager"}),
        ("runs/", {}),
    ],
)
def test_each_kind_of_thing_is_created_once(
    path: str,
    body: dict[str, str],
    world: Subscription,
    make_event_type: Callable[..., EventType],
    operator: User,
    program: Caller,
) -> None:
    make_event_type("unused")
    sent = body or {"plan": plan_id()}
    bus = program(operator)

    first = bus.post(path, sent, Idempotency_Key="k1")
    entries = AuditEntry.objects.count()
    second = bus.post(path, sent, Idempotency_Key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    for name in ("Location", "ETag"):
        assert second.get(name) == first.get(name)
    assert AuditEntry.objects.count() == entries
    assert Run.objects.count() == (2 if path == "runs/" else 1)


def test_a_key_is_of_one_request(world: Subscription, operator: User, program: Caller) -> None:
    bus = program(operator)
    bus.post("services/", NEW, Idempotency_Key="k1")
    for path, body in (("services/", {**NEW, "name": "other"}), ("event-types/", NEW)):
        answer = bus.post(path, body, Idempotency_Key="k1")
        assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert not Service.objects.filter(name="other").exists()


def test_a_key_is_of_one_person(
    world: Subscription, operator: User, member: User, program: Caller
) -> None:
    program(operator).post("services/", NEW, Idempotency_Key="k1")
    answer = program(member).post("services/", {**NEW, "name": "other"}, Idempotency_Key="k1")
    assert answer.status_code == 201


def test_a_refusal_uses_no_key_up(world: Subscription, operator: User, program: Caller) -> None:
    bus = program(operator)
    wrong = bus.post("services/", {**NEW, "owner": "Nobody"}, Idempotency_Key="k1")
    right = bus.post("services/", NEW, Idempotency_Key="k1")
    assert (wrong.status_code, right.status_code) == (400, 201)


def test_a_key_is_kept_for_a_day(world: Subscription, operator: User, program: Caller) -> None:
    bus = program(operator)
    bus.post("services/", NEW, Idempotency_Key="k1")
    KeptAnswer.objects.update(created=timezone.now() - timedelta(hours=25))

    again = bus.post("services/", NEW, Idempotency_Key="k1")
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    bus.post("services/", {**NEW, "name": "other"}, Idempotency_Key="k2")
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["k2"], "old ones are tidied away"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none(key: str, operator: User, program: Caller, journals: object) -> None:
    answer = program(operator).post("services/", NEW, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


def test_a_secret_is_not_kept(operator: User, program: Caller) -> None:
    bus = program(operator)
    sent = {"name": "a", "scopes": ["read"]}

    first = bus.post("tokens/", sent, Idempotency_Key="k1").json()
    second = bus.post("tokens/", sent, Idempotency_Key="k1").json()

    assert first["token"]
    assert second == {**first, "token": None}
    secret = first["token"].partition(".")[2]
    assert secret not in str(KeptAnswer.objects.values())
    assert ApiToken.objects.filter(name="a").count() == 1
