"""Several processes, one broker, one database: one applies at a time, and somebody always goes on.

The processes are killed, stalled and overtaken in the middle of an apply, or lose their database.
Each reaches the management API through a proxy of its own, which counts what it writes.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.harness.meddler import Meddler
from tests.harness.poll import wait_until
from tests.harness.postgres import PostgresServer
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 3.0
SUBSCRIPTIONS = 40
REGISTER = f"""
from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.models import EventType, Service, Subscription
team = Team.objects.create(name="Journals")
service = Service.objects.create(name="s", owner=team)
for number in range({SUBSCRIPTIONS}):
    event_type = EventType.objects.create(name=f"A{{number}}", owner=team)
    Subscription.objects.create(event_type=event_type, service=service)
"""


@dataclass
class Applier:
    """A process that reconciles, and the proxy that it goes through."""

    process: ManagedProcess
    meddler: Meddler

    @property
    def wrote(self) -> int:
        """How many writes it has made."""
        return len(self.meddler.writes)


@dataclass
class Installation:
    """A database with a registry, and a broker that is empty at first."""

    vhost: Vhost
    database_url: str
    stack: ExitStack

    def environment(self, management_url: str) -> dict[str, str]:
        """What a process is told."""
        return {
            "DJANGO_SETTINGS_MODULE": "eventbus_admin.settings",
            "DATABASE_URL": self.database_url,
            "EVENTBUS_BACKEND": "rabbitmq",
            "EVENTBUS_AMQP_URL": self.vhost.amqp_url,
            "EVENTBUS_MANAGEMENT_URL": management_url,
            "EVENTBUS_COMPARE_SECONDS": "1",
            "SECRET_KEY": "only-for-tests",
        }

    def manage(self, *words: str) -> None:
        """Run a command of `manage.py`."""
        command = [sys.executable, "manage.py", *words]
        with ManagedProcess(command, cwd=ROOT, env=self.environment("http://u:p@h")) as process:
            assert process.wait(timeout=90) == 0, process.output_tail()

    def start(self, hold_after: int | None = None) -> Applier:
        """Start a process; its writes are held after the first so many."""
        meddler = self.stack.enter_context(Meddler(self.vhost.management_url))
        if hold_after is not None:
            meddler.hold_writes_after(hold_after)
        program = [sys.executable, "-m", "tests.harness.programs.reconciler", str(LEASE_SECONDS)]
        process = ManagedProcess(program, cwd=ROOT, env=self.environment(meddler.url))
        self.stack.enter_context(process)
        process.wait_for_line("running", timeout=60)
        return Applier(process, meddler)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            return connection.execute(query.encode()).fetchall()

    def wait_until_in_order(self) -> None:
        """Wait until everything is there and was found to be."""
        wait_until(
            lambda: (
                {one["sync"] for one in self.rows()} == {"in_sync"}
                and len(self.queues()) == SUBSCRIPTIONS
            ),
            timeout=90,
            ignoring=psycopg.Error,
            message=lambda: f"{len(self.queues())} queues, {self.rows()[:3]}",
        )

    def rows(self) -> list[dict[str, Any]]:
        """What was stored of each object."""
        found = self.ask("SELECT name, sync FROM reconcile_brokerobject")
        return [{"name": name, "sync": sync} for name, sync in found]

    def queues(self) -> list[str]:
        """The subscriptions' queues on the broker."""
        found = self.vhost.api("GET", "queues/{vhost}?disable_stats=true")
        return [one["name"] for one in found if one["name"].startswith("consumer__")]

    def fence(self) -> int:
        """How often the leader has changed."""
        ((number,),) = self.ask("SELECT fence FROM reconcile_lease")
        return int(number)


@pytest.fixture
def install(rabbit: Vhost) -> Iterator[Callable[[str], Installation]]:
    """Prepare a database for a broker of this test's own."""
    with ExitStack() as stack:

        def prepare(database_url: str) -> Installation:
            installation = Installation(rabbit, database_url, stack)
            installation.manage("migrate", "--verbosity", "0")
            installation.manage("shell", "-c", REGISTER)
            return installation

        yield prepare


def wait_until_held(applier: Applier) -> None:
    """Wait until it is in the middle of applying."""
    wait_until(lambda: applier.meddler.held > 0, timeout=60, message=applier.process.output_tail)


@pytest.mark.timeout(240)
def test_one_of_two_applies(install: Callable[[str], Installation], postgres: str) -> None:
    here = install(postgres)
    both = [here.start(), here.start()]
    here.wait_until_in_order()
    wrote = sorted(one.wrote for one in both)
    print(f"\nwrites: {wrote}, leaders: {here.fence()}")
    assert wrote[0] == 0
    assert wrote[1] > 0
    assert here.fence() == 1


@pytest.mark.timeout(240)
def test_another_goes_on_when_one_is_killed(
    install: Callable[[str], Installation], postgres: str
) -> None:
    here = install(postgres)
    first = here.start(hold_after=1)
    wait_until_held(first)
    first.process.kill()
    made = len(here.queues())
    second = here.start()
    here.wait_until_in_order()
    print(
        f"\n{made} of {SUBSCRIPTIONS} queues made when it was killed; writes: {first.wrote}, then"
    )
    print(f"{second.wrote} by the next; leaders: {here.fence()}")
    assert made < SUBSCRIPTIONS
    assert here.fence() == 2


@pytest.mark.timeout(240)
def test_who_slept_and_was_overtaken_writes_nothing_more(
    install: Callable[[str], Installation], postgres: str
) -> None:
    here = install(postgres)
    sleeper = here.start(hold_after=1)
    wait_until_held(sleeper)
    sleeper.process.send_signal(signal.SIGSTOP)
    other = here.start()
    here.wait_until_in_order()
    before, since = sleeper.wrote, stored(here)
    other_wrote = other.wrote
    sleeper.meddler.behave()  # the call that it had made arrives now
    sleeper.process.send_signal(signal.SIGCONT)
    sleeper.process.wait_for_line("leadership lost", timeout=30)
    here.wait_until_in_order()
    print(f"\nwrites: {before} before it slept, {sleeper.wrote - before} after it woke, ", end="")
    print(f"{other_wrote} by the one that took over; leaders: {here.fence()}")
    assert sleeper.wrote == before
    assert other.wrote == other_wrote
    assert here.fence() == 2
    assert stored(here) == since


@pytest.mark.timeout(240)
def test_a_database_that_goes_away_amid_an_apply_is_waited_for(
    install: Callable[[str], Installation],
) -> None:
    with PostgresServer() as server:
        here = install(server.url())
        applier = here.start(hold_after=1)
        wait_until_held(applier)
        server.kill()
        applier.meddler.behave()
        applier.process.wait_for_line("reconciling failed", timeout=60)
        server.start()
        here.wait_until_in_order()
        wait_until(lambda: applied(here), timeout=60, ignoring=psycopg.Error)
        applier.process.check_running()
        print(
            f"\n{applier.wrote} writes, {applier.process.output.count('reconciling failed')} ",
            end="",
        )
        print(f"failed turns; leaders: {here.fence()}")


def stored(here: Installation) -> list[tuple[Any, ...]]:
    """What was stored of the objects, and since when it is so."""
    return sorted(here.ask("SELECT kind, name, sync, since FROM reconcile_brokerobject"))


def applied(here: Installation) -> bool:
    """Whether the broker was found to have what the registry asks for."""
    return bool(here.ask("SELECT 1 FROM reconcile_reconcilestate WHERE reachable AND error = ''"))
