"""The leader is killed with kill -9 while it carries out a run: the next one finishes the run."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness.poll import wait_until
from tests.harness.ports import free_port
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]
SUBSCRIPTIONS = 120
REGISTER = f"""
from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.models import EventType, Service, Subscription
team = Team.objects.create(name="Journals")
service = Service.objects.create(name="s", owner=team)
for number in range({SUBSCRIPTIONS}):
    event_type = EventType.objects.create(name=f"T{{number}}", owner=team)
    Subscription.objects.create(event_type=event_type, service=service)
"""
ASK = """
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile.actions import request_apply
request_apply(actor=SYSTEM)
"""

Manage = Callable[..., ManagedProcess]


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def manage(var: Path, rabbit: Vhost) -> Iterator[Manage]:
    """Starts `manage.py` on this registry and broker; several at once share both."""
    with ExitStack() as stack:

        def start(*words: str) -> ManagedProcess:
            env = {
                "EVENTBUS_VAR_DIR": str(var),
                "EVENTBUS_BACKEND": "rabbitmq",
                "EVENTBUS_AMQP_URL": rabbit.amqp_url,
                "EVENTBUS_MANAGEMENT_URL": rabbit.management_url,
                # What is asked for is done by the run alone.
                "EVENTBUS_APPLY": "observe",
                "EVENTBUS_COMPARE_SECONDS": "1",
                "EVENTBUS_ADMIN_PASSWORD": "correct-horse-battery",
                "PORT": str(free_port()),
            }
            command = [sys.executable, "manage.py", *words]
            return stack.enter_context(ManagedProcess(command, cwd=ROOT, env=env))

        yield start


@pytest.mark.long
@pytest.mark.timeout(180)
def test_the_next_leader_finishes_it(manage: Manage, var: Path, rabbit: Vhost) -> None:
    def prepared(*words: str) -> None:
        process = manage(*words)
        assert process.wait(timeout=60) == 0, process.output_tail()

    def ask(sql: str) -> Any:
        with closing(sqlite3.connect(var / "eventbus.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchone()[0]

    def queues() -> int:
        names = [one["name"] for one in rabbit.api("GET", "queues/{vhost}")]
        return sum(name.startswith("consumer__") for name in names)

    # Given a leader that has compared, and a run that asks for everything
    prepared("migrate")
    prepared("shell", "-c", REGISTER)
    first = manage("serve")
    missing = "select count(*) from reconcile_brokerobject where sync = 'missing'"
    wait_until(lambda: ask(missing) > 3 * SUBSCRIPTIONS, timeout=60, message=first.output_tail)
    prepared("shell", "-c", ASK)

    # When it is killed over the run
    state = "select state from reconcile_run"
    wait_until(lambda: ask(state) == "running" and queues() > 0, timeout=60, interval=0.01)
    first.kill()
    killed_at = queues()
    assert ask(state) == "running", "it was done before it was killed"

    # Then the next leader, once the lease is free, finishes it
    second = manage("serve")
    wait_until(lambda: ask(state) in {"done", "failed"}, timeout=90, message=second.output_tail)
    steps = json.loads(ask("select steps from reconcile_run"))
    assert ask(state) == "done", ask("select error from reconcile_run")
    assert {step["result"] for step in steps} == {"done"}
    assert queues() == SUBSCRIPTIONS
    wait_until(lambda: ask(missing) == 0, timeout=30)
    print(f"killed with {killed_at} queues made; {len(steps)} steps done in the end")
