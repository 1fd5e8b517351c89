"""The command as people run it: a process of its own, at a real broker."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bus_core import Event, connect
from bus_core.connecting import open_link
from bus_core.topology import (
    event_type_topology,
    handling_topology,
    merge,
    subscription_topology,
)
from tests.harness.process import ManagedProcess
from tests.harness.programs.service import EVENT_TYPE, SERVICE
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[3]

BusCore = Callable[..., ManagedProcess]


@pytest.fixture
def bus_core(tmp_path: Path) -> Iterator[BusCore]:
    """Starts `bus-core` with these arguments."""
    with ExitStack() as stack:

        def start(*arguments: str) -> ManagedProcess:
            command = [sys.executable, "-m", "bus_core.cli", *arguments]
            env = {"BOOK": str(tmp_path / "book"), "GATE": str(tmp_path / "gate")}
            return stack.enter_context(ManagedProcess(command, cwd=ROOT, env=env))

        yield start


@dataclass
class Shift:
    """The service in `tests.harness.programs.service`, as its book and its queue show it."""

    folder: Path
    url: str

    def prepare(self) -> None:
        """Make the queues: what is published before that is lost."""
        link = open_link(self.url, client_name="test")
        link.declare(
            merge(
                (
                    event_type_topology(EVENT_TYPE),
                    handling_topology(SERVICE, (1000,)),
                    subscription_topology(EVENT_TYPE, SERVICE),
                )
            )
        )
        link.close()

    def publish(self, *payloads: object) -> None:
        """Publish an event for each payload."""
        with connect(self.url, service="publisher") as bus:
            bus.publish_many([Event(EVENT_TYPE, payload) for payload in payloads])

    def written(self, what: str) -> list[tuple[int, str]]:
        """Return (pid, payload) of what `began`, or is `done`."""
        book = self.folder / "book"
        text = book.read_text() if book.exists() else ""
        lines = [line.split(" ", 2) for line in text[: text.rfind("\n") + 1].splitlines()]
        return [(int(pid), payload) for word, pid, payload in lines if word == what]

    def done(self) -> list[str]:
        """Return the payloads that were handled."""
        return [payload for _, payload in self.written("done")]

    def open_gate(self) -> None:
        """Let handlers finish what they hold."""
        (self.folder / "gate").touch()


@pytest.fixture
def shift(tmp_path: Path, rabbit: Vhost) -> Shift:
    """The service at this test's broker, with its queues."""
    shift = Shift(tmp_path, rabbit.amqp_url)
    shift.prepare()
    return shift
