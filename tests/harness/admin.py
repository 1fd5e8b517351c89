"""`Admin`: the worker behind the pages and what people ask it for, as processes of their own."""

import json
import sqlite3
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]
EVENT_TYPE, SERVICE = "shiftEvent", "shift"
QUEUE = f"consumer__{EVENT_TYPE}__{SERVICE}"
ENDED = ("done", "failed", "rolled_back")


class Admin:
    """The admin, as processes of its own on a database of its own."""

    def __init__(self, rabbit: Vhost, folder: Path, stack: ExitStack) -> None:
        self._rabbit = rabbit
        self._database = folder / "bus.sqlite3"
        self._stack = stack
        self._env = {
            "DATABASE_URL": f"sqlite:///{self._database}",
            "EVENTBUS_VAR_DIR": str(folder),
            "EVENTBUS_BACKEND": "rabbitmq",
            "EVENTBUS_AMQP_URL": rabbit.amqp_url,
            "EVENTBUS_MANAGEMENT_URL": rabbit.management_url,
            "EVENTBUS_COMPARE_SECONDS": "1",
        }

    def start(self, *arguments: str) -> ManagedProcess:
        """Start one of the commands."""
        module = "tests.harness.programs.admin"
        args = [sys.executable, "-m", module, *arguments]
        return self._stack.enter_context(ManagedProcess(args, env=self._env, cwd=ROOT))

    def do(self, *arguments: str) -> None:
        """Run a command to its end."""
        process = self.start(*arguments)
        assert process.wait(timeout=60) == 0, process.output_tail()

    def work(self) -> ManagedProcess:
        """Start the worker and wait until the queue is there and was seen."""
        worker = self.start("work")
        seen = "SELECT COUNT(*) FROM reconcile_brokerobject WHERE kind='queue' AND name=?"
        wait_until(
            lambda: self.ask(seen, QUEUE)[0][0] and self.queue(),
            timeout=60,
            message=worker.output_tail,
        )
        return worker

    def ask(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask the database, as it is between two writes."""
        with closing(sqlite3.connect(self._database, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    @property
    def operation(self) -> dict[str, Any]:
        """The operation that was asked for last."""
        names = ("state", "phase", "sentence", "moved", "again", "waiting")
        query = f"SELECT {', '.join(names)} FROM reconcile_operation ORDER BY created DESC LIMIT 1"
        return dict(zip(names, self.ask(query)[0], strict=True))

    def until(self, *wanted: str, timeout: float = 90.0) -> dict[str, Any]:
        """Wait until the operation is in one of these phases or states."""
        wait_until(
            lambda: {self.operation["phase"], self.operation["state"]} & {*wanted, *ENDED},
            timeout=timeout,
            interval=0.02,
            message=lambda: json.dumps(self.operation),
        )
        return self.operation

    def queue(self, name: str = QUEUE) -> dict[str, Any]:
        """The queue as RabbitMQ's own management tells of it."""
        found = self._rabbit.api("GET", "queues/{vhost}?disable_stats=true")
        return next((one for one in found if one["name"] == name), {})
