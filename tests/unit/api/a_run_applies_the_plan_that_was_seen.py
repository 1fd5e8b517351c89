"""A run is asked for with the plan that was read; what became another plan meanwhile is refused."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run, Sync
from eventbus_admin.registry.models import Subscription
from tests.unit.api.conftest import QUEUE, RUN, STRANGER_USER, Program


@pytest.fixture
def bus(world: Subscription, operator: User, program: Callable[..., Program]) -> Program:
    """An operator's program."""
    return program(operator)


def another(name: str, sync: Sync = Sync.MISSING) -> None:
    BrokerObject.objects.create(kind="exchange", name=name, sync=sync, since=timezone.now())


def test_all_of_it_or_chosen_steps(bus: Program) -> None:
    another("event__other")
    plan = bus.get("plan/").json()
    assert [(one["kind"], one["name"]) for one in plan["results"]] == [
        ("create", "event__other"),
        ("create", QUEUE),
        ("unmanaged", STRANGER_USER),
    ]

    whole = bus.post("runs/", {"plan": plan["id"]}).json()
    chosen = bus.post("runs/", {"plan": plan["id"], "steps": [QUEUE]}).json()

    assert (whole["chosen"], whole["progress"]["total"]) == (None, 2)
    assert (chosen["chosen"], [one["name"] for one in chosen["steps"]]) == ([QUEUE], [QUEUE])
    assert chosen["state"] == "queued"
    assert Run.objects.get(pk=chosen["id"]).requested_by.username == "otto"


@pytest.mark.parametrize("sync", [Sync.MISSING, Sync.DIFFERS])
def test_a_plan_that_changed_since(sync: Sync, bus: Program) -> None:
    plan = bus.get("plan/").json()["id"]
    another("event__other", sync)
    answer = bus.post("runs/", {"plan": plan})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_plan")
    assert Run.objects.count() == 1


@pytest.mark.parametrize("sync", [Sync.IN_SYNC, Sync.UNMANAGED, Sync.BLOCKED])
def test_what_applying_does_nothing_about_changes_no_plan(sync: Sync, bus: Program) -> None:
    plan = bus.get("plan/").json()["id"]
    another("event__other", sync)
    assert bus.get("plan/").json()["id"] == plan
    answer = bus.post("runs/", {"plan": plan, "steps": ["event__other"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_step")


def test_a_broker_that_is_away(bus: Program) -> None:
    plan = bus.get("plan/").json()["id"]
    ReconcileState.objects.update(reachable=False)
    answer = bus.post("runs/", {"plan": plan})
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_away")
    assert "as soon as the broker answers" in answer.json()["message"]
    assert answer["Retry-After"] == "5"


def test_its_progress_is_seen(bus: Program) -> None:
    run = Run.objects.get(pk=RUN)
    run.steps = [{**run.steps[0], "result": result} for result in ("done", "failed", "pending")]
    run.save()
    body = bus.get(f"runs/{RUN}/").json()
    assert body["progress"] == {"total": 3, "done": 1, "failed": 1}
    assert [step["result"] for step in body["steps"]] == ["done", "failed", "pending"]
