"""A rotation over REST: begun, watched, ended or cancelled."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import CredentialUse
from eventbus_admin.registry.models import Credential, Subscription
from tests.unit.api.conftest import Program

PATH = "services/export-manager/credentials/rotate/"


@pytest.fixture
def bus(world: Subscription, member: User, program: Callable[..., Program]) -> Program:
    return program(member)


def live() -> set[str]:
    return {one.slot for one in Credential.objects.live()}


def test_it_is_begun_once_and_its_secret_shown_once(bus: Program) -> None:
    answer = bus.post(PATH, Idempotency_Key="k")
    assert (answer.status_code, answer.json()["slot"]) == (201, "b")
    assert answer.json()["secret"]
    again = bus.post(PATH, Idempotency_Key="k")
    assert (again.json()["slot"], again.json()["secret"], again.json()["url"]) == ("b", None, None)
    assert live() == {"a", "b"}
    assert bus.post(PATH).json()["code"] == "two_issued"


def test_it_says_which_of_the_two_is_used(bus: Program, settings: object) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"  # type: ignore[attr-defined]
    settings.EVENTBUS_AMQP_URL = "amqp://admin:x@10.0.0.1/events"  # type: ignore[attr-defined]
    nothing = bus.get(PATH).json()
    assert (nothing["state"], nothing["old"]) == ("none", None)
    bus.post(PATH)
    found = bus.get(PATH).json()
    assert (found["state"], found["old"]["connections"]) == ("overlap", None)
    now = timezone.now()
    for one in Credential.objects.live():
        CredentialUse.objects.create(
            credential=one,
            issued=one.issued,
            connections=2,
            hosts=["10.0.0.5"],
            since=now,
            ever=True,
            observed_at=now,
        )
    found = bus.get(PATH).json()
    assert found["old"]["login"] == "bus__export-manager__a@events"
    assert found["old"]["connections"]["count"] == 2
    assert found["old"]["connections"]["hosts"] == ["10.0.0.5"]
    assert found["message"].startswith("2 connections still use the old one.")


def test_it_is_ended_or_cancelled(bus: Program) -> None:
    bus.post(PATH)
    assert bus.delete(PATH).status_code == 204
    assert live() == {"a"}
    assert (bus.delete(PATH).status_code, bus.delete(PATH).json()["code"]) == (409, "not_rotating")
    bus.post(PATH)
    assert bus.post(f"{PATH}end/").status_code == 204
    assert live() == {"b"}
    assert bus.post(f"{PATH}end/").status_code == 409


def test_a_service_watches_its_own(
    bus: Program, make_rotation: Callable[..., object], program: Callable[..., Program]
) -> None:
    make_rotation("other")
    own = program(service="export-manager")
    assert own.get(PATH).status_code == 200
    assert own.get("services/other/credentials/rotate/").status_code == 404
