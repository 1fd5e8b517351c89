"""`manage.py reconcile`: readable, and with exit codes that scripts can use."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bus_core.memory import MemoryBroker
from bus_core.topology import Exchange, Policy
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.management.commands import reconcile
from eventbus_admin.reconcile.models import Lease, ReconcileState, Run
from tests.unit.reconcile.brokers import AWAY, Wrapped, wrapped

Make = Callable[..., Any]


@pytest.fixture
def broker(
    memory: MemoryBroker, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None
) -> Wrapped:
    """What the command takes for RabbitMQ."""
    settings.EVENTBUS_BACKEND = "rabbitmq"
    broker = wrapped(memory)
    monkeypatch.setattr(reconcile, "current_broker", lambda: broker)
    return broker


def run(*args: str) -> tuple[int, str]:
    """Return exit code and output."""
    said = StringIO()
    try:
        call_command("reconcile", *args, stdout=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


def test_a_plan_is_shown_and_nothing_done(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    code, said = run()
    assert code == 2
    assert said.splitlines() == [
        "create     exchange  bus__reports",
        "           Workers cannot report until it is made.",
        "           No event is moved.",
        "create     exchange  event__A",
        "           A cannot be published until its exchange is made.",
        "           No A was seen in the last minutes; it can be published from now on.",
        "create     policy    eventbus-consumers",
        "           Subscription queues have the broker's own limits until the policy is made.",
        "           No event is moved.",
        "3 missing.",
    ]
    assert broker.writes == []
    assert run("--plan") == (code, said)
    assert not ReconcileState.objects.exists()


def test_applying_does_it_and_a_second_time_nothing(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    code, said = run("--apply")
    assert code == 0
    assert said.splitlines() == [
        "done       exchange  bus__reports",
        "done       exchange  event__A",
        "done       policy    eventbus-consumers",
        "3 in sync.",
    ]
    assert run("--apply") == (0, "3 in sync.\n")
    assert run("--plan") == (0, "3 in sync.\n")


def test_what_is_blocked_is_left_and_counts(
    broker: Wrapped, memory: MemoryBroker, make_event_type: Make
) -> None:
    make_event_type("A")
    memory.declare_exchange(Exchange(name="event__A", type="topic"))
    code, said = run("--apply")
    assert code == 2
    assert "blocked    exchange  event__A\n           event__A differs in what is fixed" in said
    assert said.endswith("1 blocked, 2 in sync.\n")


def test_what_is_unmanaged_is_shown_and_does_not_count(
    broker: Wrapped, memory: MemoryBroker
) -> None:
    run("--apply")
    memory.declare_exchange(Exchange(name="event__Z"))
    code, said = run()
    assert code == 0
    assert "adopt      exchange  event__Z" in said


def test_json(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    code, said = run("--json")
    document = json.loads(said)
    assert code == 2
    assert document["counts"] == {"missing": 3}
    assert [one["name"] for one in document["steps"]] == [
        "bus__reports",
        "event__A",
        "eventbus-consumers",
    ]
    code, said = run("--apply", "--json")
    assert [one["error"] for one in json.loads(said)["applied"]] == ["", "", ""]


@pytest.mark.parametrize("verb", ["--plan", "--apply"])
def test_a_broker_that_is_away_is_one_line(broker: Wrapped, verb: str) -> None:
    broker.away = True
    with pytest.raises(CommandError) as caught:
        run(verb)
    assert (str(caught.value), caught.value.returncode) == (AWAY, 1)


def test_without_a_worker_it_stores_the_result_and_leaves_the_lease_free(broker: Wrapped) -> None:
    run("--apply")
    assert ReconcileState.objects.get().reachable
    assert Lease.objects.get().holder == ""


def test_beside_a_worker_it_applies_and_leaves_the_rows_to_it(broker: Wrapped) -> None:
    leader = Leadership()
    leader.renew()
    assert run("--apply")[0] == 0
    assert broker.writes
    assert not ReconcileState.objects.exists()
    assert Lease.objects.get().holder == leader.holder


@pytest.mark.parametrize("verb", ["--plan", "--apply"])
def test_under_mock_it_says_where_the_broker_is(verb: str, settings: Any, db: None) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    with pytest.raises(CommandError, match="lives inside the server's process") as caught:
        run(verb)
    assert caught.value.returncode == 1


def test_a_url_that_cannot_be_used_is_one_line(settings: Any, db: None) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_MANAGEMENT_URL = "nonsense"
    with pytest.raises(CommandError, match="EVENTBUS_MANAGEMENT_URL must begin with"):
        run()


def test_only_what_was_chosen(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    code, said = run("--apply", "--only", "exchange event__A", "--only", "eventbus-consumers")
    assert code == 2
    assert said.splitlines()[:2] == [
        "done       exchange  event__A",
        "done       policy    eventbus-consumers",
    ]
    assert broker.writes == ["event__A", "eventbus-consumers"]
    assert said.endswith("2 in sync, 1 missing.\n")


def test_what_the_plan_does_nothing_about_cannot_be_chosen(broker: Wrapped) -> None:
    with pytest.raises(CommandError, match="The plan can do nothing about queue nowhere"):
        run("--apply", "--only", "queue nowhere")
    with pytest.raises(CommandError, match="--only chooses what --apply does"):
        run("--only", "bus__reports")
    assert broker.writes == []


def test_each_step_is_said_as_it_ends(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    said = StringIO()
    seen: list[int] = []

    def ask(_name: str) -> None:
        seen.append(len(said.getvalue().splitlines()))

    broker.refuse = ask
    call_command("reconcile", "--apply", stdout=said)
    assert seen == [0, 1, 2]


def test_a_failed_step_says_why_once(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    broker.refuse = lambda name: BrokerRefused("No.") if name == "event__A" else None
    code, said = run("--apply")
    assert code == 2
    assert said.count("failed     exchange  event__A\n           No.\n") == 1


def test_a_policy_holds_for_the_command_too(
    broker: Wrapped, memory: MemoryBroker, settings: Any
) -> None:
    run("--apply")
    memory.put_policy(Policy(name="eventbus-consumers", pattern="^x", definition={}))
    settings.EVENTBUS_APPLY = "create"
    code, said = run("--apply")
    assert code == 2
    assert "Held back: this installation only creates" in said
    assert "Only what is missing is made (EVENTBUS_APPLY is create)" in said


def test_what_it_did_is_kept_as_a_run(broker: Wrapped, make_event_type: Make) -> None:
    make_event_type("A")
    run("--apply")
    kept = Run.objects.get()
    assert (kept.reason, kept.state, kept.done) == ("Asked for on the command line", "done", 3)
    assert AuditEntry.objects.filter(group=kept.pk).count() == 3
