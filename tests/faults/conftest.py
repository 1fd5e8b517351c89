"""Services as processes, and the books that are kept of what they did."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Books:
    """The ids that publishers and workers have written."""

    folder: Path

    def read(self, name: str) -> list[str]:
        """Return the ids in one file, complete lines only."""
        text = (self.folder / name).read_text() if (self.folder / name).exists() else ""
        return text[: text.rfind("\n") + 1].split()

    def count(self, published: list[str], handled: list[str]) -> str:
        """Return the sentence that the tests print."""
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
