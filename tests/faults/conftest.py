"""Services, as processes and in this one, and the books that are kept of what they did."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from bus_core import Event, connect
from bus_core import topology as names
from bus_core.connecting import open_link
from bus_core.copies import DEAD_REASON
from bus_core.envelope import decode
from bus_core.link import ConsumeOptions
from bus_core.message import Delivery
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.relay import Relay
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Books:
    """The ids that publishers and workers have written."""

    folder: Path

    def read(self, name: str) -> list[str]:
        """Return the ids in one file, complete lines only."""
        text = (self.folder / name).read_text() if (self.folder / name).exists() else ""
        return text[: text.rfind("\n") + 1].split()

    def count(self, published: Iterable[str], handled: Iterable[str]) -> str:
        """Return the sentence that the tests print."""
        published, handled = list(published), list(handled)
        lost = len(set(published) - set(handled))
        twice = len(handled) - len(set(handled))
        return f"{len(published)} published, {lost} lost, {twice} handled again"

    def wait_for_all(self, published: list[str], *files: str, timeout: float = 60.0) -> list[str]:
        """Wait until every published id was handled, and return all that was handled."""

        def handled() -> list[str]:
            return [one for file in files for one in self.read(file)]

        wait_until(
            lambda: set(published) <= set(handled()),
            timeout=timeout,
            message=lambda: self.count(published, handled()),
        )
        return handled()


class Service:
    """A service in this process; it keeps the id of each event whose handler has returned."""

    def __init__(
        self,
        url: str,
        event_type: str,
        *,
        name: str = "worker",
        handle: Callable[[Event], Any] = lambda _event: None,
        declare: bool = True,
        **options: Any,
    ) -> None:
        self.handled: list[str] = []
        self.bus = connect(url, service=name, declare=declare)

        @self.bus.subscribe(event_type, **options)
        def keep(event: Event) -> None:
            handle(event)
            self.handled.append(event.id)

        self.bus.start(wait=30)

    def wait_for_all(self, published: Iterable[str], timeout: float = 60.0) -> None:
        """Wait until every published id was handled."""
        wanted = set(published)
        wait_until(
            lambda: wanted <= set(self.handled),
            timeout=timeout,
            message=lambda: f"{len(wanted - set(self.handled))} of {len(wanted)} are missing",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.bus.close()


class DeadLetters:
    """What waits as dead letters of a service; it is held while this is open, and goes back."""

    def __init__(self, url: str, service: str) -> None:
        self._found: list[Delivery] = []
        self._link = open_link(url, client_name="undertaker")
        options = ConsumeOptions(
            queue=names.dead_letters(service),
            topology=names.handling_topology(service),
            prefetch=10_000,
        )
        self._link.consume(options, self._found.append)

    @property
    def all(self) -> list[Delivery]:
        """All so far, oldest first."""
        return list(self._found)

    @property
    def reasons(self) -> list[Any]:
        """Why the workers gave them up; nothing where it was the broker that did."""
        return [one.message.headers.get(DEAD_REASON) for one in self._found]

    @property
    def ids(self) -> list[str]:
        """The ids of those that are events."""
        return [decode(one.message).event.id for one in self._found]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._link.close()


@pytest.fixture
def relay(rabbit: Vhost) -> Iterator[Relay]:
    """A relay in front of the broker."""
    with Relay(rabbit.node.ports.amqp) as relay:
        yield relay


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """What was published and what was handled."""
    return Books(tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., ManagedProcess]]:
    """Starts a program of the harness: `program("worker", url, …, file_name)`."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str, file: str, more: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
            module = f"tests.harness.programs.{name}"
            args = [sys.executable, "-m", module, *arguments, str(tmp_path / file), *more]
            return stack.enter_context(ManagedProcess(args, cwd=ROOT))

        yield start
