"""Steps are chosen by id, adopted into the registry, and held back by the policy, over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import BrokerObject, Run, Sync
from eventbus_admin.registry.models import Service, Subscription
from tests.unit.api.conftest import QUEUE, RUN, STRANGER_USER, Program

STEP = f"queue {QUEUE}"
PLAIN = {
    "type": "classic",
    "durable": True,
    "exclusive": False,
    "auto_delete": False,
    "arguments": {},
}


@pytest.fixture
def bus(world: Subscription, operator: User, program: Callable[..., Program]) -> Program:
    """An operator's program."""
    return program(operator)


def there(kind: str, name: str, sync: Sync, **fields: Any) -> None:
    BrokerObject.objects.create(kind=kind, name=name, sync=sync, since=timezone.now(), **fields)


def test_a_step_says_what_it_means_and_whether_it_applies(bus: Program, settings: Any) -> None:
    impact = "exportRequested runs at about 40 a minute; from now on export-manager gets it."
    BrokerObject.objects.update(impact=impact)
    there("exchange", "event__other", Sync.UNMANAGED, found={})
    there("policy", "eventbus-consumers", Sync.DIFFERS, should={}, found={})
    settings.EVENTBUS_APPLY = "create"
    plan = bus.get("plan/").json()
    assert plan["policy"] == "create"
    assert bus.get("status/").json()["policy"] == "create"
    steps = {one["id"]: one for one in plan["results"]}
    assert steps[STEP]["impact"] == impact
    assert {step: (one["kind"], one["applies"]) for step, one in steps.items()} == {
        STEP: ("create", True),
        f"user {STRANGER_USER}": ("unmanaged", False),
        "exchange event__other": ("adopt", False),
        "policy eventbus-consumers": ("change", False),
    }
    answer = bus.post("runs/", {"plan": plan["id"], "steps": ["eventbus-consumers"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_step")


def test_two_of_one_name_are_told_apart_by_id(bus: Program) -> None:
    there("exchange", "dead__s", Sync.MISSING)
    there("queue", "dead__s", Sync.MISSING)
    plan = bus.get("plan/").json()["id"]
    one = bus.post("runs/", {"plan": plan, "steps": ["queue dead__s"]}).json()
    both = bus.post("runs/", {"plan": plan, "steps": ["dead__s"]}).json()
    assert [step["id"] for step in one["steps"]] == ["queue dead__s"]
    assert [step["id"] for step in both["steps"]] == ["exchange dead__s", "queue dead__s"]


def test_a_run_shows_what_was_agreed(bus: Program) -> None:
    plan = bus.get("plan/").json()["id"]
    run = bus.post("runs/", {"plan": plan}).json()
    (step,) = run["steps"]
    assert (step["before"], step["after"], step["result"]) == (None, {"type": "quorum"}, "pending")
    assert run["refused"] is False


def test_a_refused_run_says_so(bus: Program) -> None:
    Run.objects.filter(pk=RUN).update(state="failed", refused=True, error="Nothing was touched.")
    run = bus.get(f"runs/{RUN}/").json()
    assert (run["state"], run["refused"], run["error"]) == ("failed", True, "Nothing was touched.")


def test_what_is_there_is_adopted(bus: Program) -> None:
    lost = "consumer__exportRequested__meca-exporter"
    there("queue", lost, Sync.UNMANAGED, found=PLAIN, service_name="meca-exporter")
    answer = bus.post("plan/adopt/", {"steps": [f"queue {lost}"], "owner": "Journals"})
    assert answer.json() == {
        "services": ["meca-exporter"],
        "event_types": [],
        "subscriptions": [
            {"event_type": "exportRequested", "service": "meca-exporter", "kind": "classic"}
        ],
        "left": [],
    }
    assert Service.objects.get(name="meca-exporter").owner.name == "Journals"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"steps": ["queue nowhere"], "owner": "Journals"}, 400, "unknown_step"),
        ({"steps": ["exchange event__lost"]}, 400, "invalid_owner"),
        ({"steps": ["exchange event__lost"], "owner": "Nobody"}, 400, "unknown_team"),
        ({"steps": ["user bus__lost__a"], "owner": "Journals"}, 409, "not_adoptable"),
        ({"steps": [], "owner": "Journals"}, 400, "min_length"),
    ],
)
def test_what_cannot_be_adopted(sent: Any, status: int, code: str, bus: Program) -> None:
    there("exchange", "event__lost", Sync.UNMANAGED, found={})
    there("user", "bus__lost__a", Sync.UNMANAGED, found={})
    answer = bus.post("plan/adopt/", sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Service.objects.count() == 1
