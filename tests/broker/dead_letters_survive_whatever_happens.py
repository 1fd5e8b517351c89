"""The product on a real node: its leader is killed, 2,000 are retried, and nothing is lost.

Processes, broker and database are real; the database is read past Django, as somebody outside.
"""

import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from bus_core import Event, EventBus, Reject, connect
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]
TYPE, SERVICE = "beginMecaExport", "meca-exporter"
DEAD = f"dead__{SERVICE}"
SEED = "from eventbus_admin.runtime.seed import seed_if_empty; assert seed_if_empty()"
RETRY = """
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.deadletters.actions import retry_dead_letters
from eventbus_admin.deadletters.choosing import Chosen
print("run of", retry_dead_letters(actor=SYSTEM, chosen=Chosen()).total)
"""
STOP_AND_GO_ON = """
import time
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.deadletters.actions import resume_run, retry_dead_letters, stop_run
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.deadletters.runs import counts

def until(said):
    end = time.monotonic() + 90
    while not said():
        assert time.monotonic() < end, (run.state, run.note, counts(run))
        time.sleep(0.02)
        run.refresh_from_db()

began = time.monotonic()
run = retry_dead_letters(actor=SYSTEM, chosen=Chosen())
until(lambda: run.letters.exclude(sent=None).count() >= 300)
stop_run(actor=SYSTEM, run=run)
until(lambda: run.state == "stopped")
print("stopped:", run.note, counts(run))
left = resume_run(actor=SYSTEM, run=run)
until(lambda: counts(run) == {"handled": run.total})
print(f"handled: {run.total}, of which {left} after going on, in {time.monotonic() - began:.1f} s")
"""


class Product:
    """The admin as processes, its database, and a service whose handler can be mended."""

    def __init__(self, folder: Path, rabbit: Vhost, stack: ExitStack) -> None:
        self._stack = stack
        self._port = free_port()
        self._rabbit = rabbit
        self._env = {
            "EVENTBUS_VAR_DIR": str(folder),
            "EVENTBUS_ADMIN_PASSWORD": "correct-horse-battery",
            "EVENTBUS_BACKEND": "rabbitmq",
            "EVENTBUS_AMQP_URL": rabbit.amqp_url,
            "EVENTBUS_MANAGEMENT_URL": rabbit.management_url,
            "EVENTBUS_COMPARE_SECONDS": "1",
            "PORT": str(self._port),
        }
        self._database = folder / "eventbus.sqlite3"
        self.mended = False
        self.handled: Counter[str] = Counter()
        self.command("manage.py", "migrate")
        self.shell(SEED)

    def start(self, *arguments: str) -> ManagedProcess:
        """Start a Python program."""
        command = [sys.executable, *arguments]
        return self._stack.enter_context(ManagedProcess(command, cwd=ROOT, env=self._env))

    def command(self, *arguments: str, timeout: float = 60) -> str:
        """Run one to its end and return what it wrote."""
        process = self.start(*arguments)
        assert process.wait(timeout=timeout) == 0, process.output_tail()
        return process.output

    def shell(self, code: str, timeout: float = 60) -> str:
        """Run code as `manage.py shell` does."""
        return self.command("manage.py", "shell", "-v", "0", "-c", code, timeout=timeout)

    def serve(self) -> ManagedProcess:
        """Start the server and wait until it is ready, which is after a dead leader's lease."""
        process = self.start("manage.py", "serve")

        def ready() -> bool:
            process.check_running()
            return requests.get(f"http://{LOOPBACK}:{self._port}/readyz", timeout=5).ok

        wait_until(
            ready, timeout=60, ignoring=requests.RequestException, message=process.output_tail
        )
        return process

    def die_at(self, point: str) -> None:
        """Serve until the server is killed at that point."""
        process = self.start("-m", "tests.harness.programs.mortal_server", point)
        assert process.wait(timeout=60) == -9, process.output_tail()

    def work(self) -> EventBus:
        """Start the service."""
        bus = self._stack.enter_context(connect(self._rabbit.amqp_url, service=SERVICE))

        @bus.subscribe(TYPE, concurrency=4)
        def handle(event: Event) -> None:
            if not self.mended:
                raise Reject("the archive is closed")
            self.handled[event.id] += 1

        bus.start()
        return bus

    def give_up(self, number: int) -> set[str]:
        """Publish so many events, wait until all of them gave up, and return their ids."""
        events = [Event(TYPE, {"number": one}) for one in range(number)]
        with connect(self._rabbit.amqp_url, service="export-manager") as bus:
            bus.publish_many(events)
        return {one.id for one in events}

    def in_queue(self) -> int:
        """How many the dead-letter queue holds, given out or not."""
        found = self._rabbit.api("GET", f"queues/{{vhost}}/{DEAD}")
        return int(found.get("messages", -1))

    def rows(self) -> list[tuple[str, str]]:
        """Event id and state of every dead letter."""
        with closing(sqlite3.connect(self._database, timeout=20)) as database:
            return database.execute("SELECT event_id, state FROM deadletters_deadletter").fetchall()


@pytest.fixture
def product(tmp_path: Path, rabbit: Vhost) -> Iterator[Product]:
    with ExitStack() as stack:
        yield Product(tmp_path, rabbit, stack)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print past pytest, for whoever wants to see numbers."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")

    return say


@pytest.mark.long
@pytest.mark.timeout(240)
def test_its_leader_is_killed_twice_and_each_event_is_handled(
    product: Product, rabbit: Vhost, tell: Callable[[str], None]
) -> None:
    first = product.serve()  # so that the queues are there
    product.work()
    first.kill()
    ids = product.give_up(60)
    with closing(rabbit.connect()) as connection:
        channel = connection.channel()
        for _ in range(10):  # no worker named these: RabbitMQ alone says what it did
            channel.basic_publish(f"service__{SERVICE}", "consumer__gone__meca-exporter", b"stray")
    wait_until(lambda: product.in_queue() == 70, timeout=30, interval=0.5)

    product.die_at("written")
    written = len(product.rows())
    assert 0 < written <= 70
    wait_until(lambda: product.in_queue() == 70, timeout=30, interval=0.5)
    server = product.serve()
    wait_until(lambda: product.in_queue() == 0, timeout=30, interval=0.5)
    rows = product.rows()
    tell(f"killed between insert and ack: {written} were written, then {len(rows)} rows of 70")
    assert len(rows) == 70
    assert Counter(event_id for event_id, _ in rows if event_id) == Counter(ids)
    server.kill()

    product.mended = True
    product.shell(
        "from eventbus_admin.deadletters.models import DeadLetter as D; "
        "D.objects.filter(reason='stray').update(state='discarded')"
    )
    assert "run of 60" in product.shell(RETRY)
    product.die_at("confirmed")
    wait_until(lambda: len(product.handled) == 60, timeout=20)
    assert Counter(state for _, state in product.rows())["prepared"] == 60
    product.serve()
    wait_until(
        lambda: Counter(state for _, state in product.rows())["handled"] == 60,
        timeout=40,
        message=lambda: str(Counter(state for _, state in product.rows())),
    )
    again = product.handled.total() - 60
    tell(f"killed between confirm and mark: 60 of 60 handled, {again} of them twice")
    assert set(product.handled) == ids
    assert again == 60, "what was confirmed and not marked comes a second time, and no third"


@pytest.mark.long
@pytest.mark.timeout(240)
def test_two_thousand_are_retried_with_a_stop_in_the_middle(
    product: Product, tell: Callable[[str], None]
) -> None:
    product.serve()
    product.work()
    ids = product.give_up(2000)
    wait_until(lambda: len(product.rows()) == 2000, timeout=60, interval=0.2)
    product.mended = True

    said = product.shell(STOP_AND_GO_ON, timeout=150)

    for line in said.strip().splitlines():
        tell(line)
    assert "stopped: A person stopped it." in said
    assert "handled: 2000" in said
    assert set(product.handled) == ids
    assert product.handled.total() == 2000, "each once"
    assert Counter(state for _, state in product.rows()) == {"handled": 2000}
