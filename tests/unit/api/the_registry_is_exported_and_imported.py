"""The registry as code over REST: exported, planned, and imported as it was planned."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import change_service
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_yaml
from eventbus_admin.registry.models import Service, Subscription
from tests.unit.api.conftest import Program

NEW = "version: 1\nservices:\n  export-manager:\n    contact: ops@example.org\n"


@pytest.fixture
def bus(world: Subscription, operator: User, program: Callable[..., Program]) -> Program:
    return program(operator)


def test_yaml_and_json_say_the_same_and_change_nothing(bus: Program) -> None:
    text = bus.get("registry/?format=yaml")
    assert text["Content-Type"] == "application/yaml"
    assert text.content.decode() == as_yaml(read_stored())
    for document in (text.content.decode(), bus.get("registry/").json()):
        plan = bus.post("registry/plan/", {"document": document, "prune": True}).json()
        assert (plan["changes"], plan["notes"]) == ([], [])
        assert plan["diff"] == "Nothing to do: the registry is as the document says."


def test_a_plan_is_imported(bus: Program) -> None:
    plan = bus.post("registry/plan/", {"document": NEW}).json()
    assert plan["counts"] == {"create": 0, "change": 1, "retire": 0}
    assert plan["changes"] == [
        {
            "verb": "change",
            "kind": "service",
            "name": "export-manager",
            "before": {"contact": ""},
            "after": {"contact": "ops@example.org"},
        }
    ]
    assert Service.objects.get().contact == ""
    answer = bus.post("registry/import/", {"document": NEW, "plan": plan["id"]})
    assert answer.json() == plan
    assert Service.objects.get().contact == "ops@example.org"
    entries = AuditEntry.objects.values_list("verb", "actor_name", "group")
    assert {str(group) for _, _, group in entries} == {answer["X-Request-Id"]}
    assert [one[:2] for one in entries.order_by("id")] == [
        ("imported", "otto"),
        ("changed", "otto"),
    ]


def test_a_plan_of_yesterday_is_refused(bus: Program, operator: User) -> None:
    plan = bus.post("registry/plan/", {"document": NEW}).json()
    change_service(actor=SYSTEM, service="export-manager", description="Other.")
    answer = bus.post("registry/import/", {"document": NEW, "plan": plan["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_plan")
    assert Service.objects.get().contact == ""


@pytest.mark.parametrize("path", ["registry/plan/", "registry/import/"])
def test_mistakes_are_told_with_their_lines(path: str, bus: Program) -> None:
    document = NEW + "    kind: integrator\n  new: {}\n"
    answer = bus.post(path, {"document": document, **({"plan": "x"} if "import" in path else {})})
    kept = "export-manager is an internal one, and a service keeps its kind."
    assert answer.status_code == 400
    assert [(one["code"], one["field"]) for one in answer.json()["errors"]] == [
        ("invalid_document", "document")
    ] * 2
    assert [one["message"] for one in answer.json()["errors"]] == [
        f"Line 5, services.export-manager.kind: {kept}",
        "Line 6, services.new: This is new, so its team must be named: “owner: …”.",
    ]


@pytest.mark.parametrize("document", [None, 7, [], "", "a: [", {"version": 2}])
def test_what_is_no_document_is_refused(document: object, bus: Program) -> None:
    answer = bus.post("registry/plan/", {"document": document})
    assert answer.status_code == 400
    assert answer.json()["field"] == "document"


def test_pruning_is_asked_for(bus: Program) -> None:
    document = {"version": 1, "teams": {}}
    assert bus.post("registry/plan/", {"document": document}).json()["changes"] == []
    plan = bus.post("registry/plan/", {"document": document, "prune": True}).json()
    assert plan["counts"] == {"create": 0, "change": 0, "retire": 3}
    assert plan["notes"] != []
    bus.post("registry/import/", {"document": document, "prune": True, "plan": plan["id"]})
    assert Subscription.objects.get().state == "retired"
