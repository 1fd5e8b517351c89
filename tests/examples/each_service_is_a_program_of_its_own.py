"""Every service runs by itself, is given its broker's URL, and ends when it is told to."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.examples.conftest import prepare
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., ManagedProcess]


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as stack:

        def start(module: str, *arguments: str, **env: str) -> ManagedProcess:
            command = [sys.executable, "-m", f"examples.libero.{module}", *arguments]
            return stack.enter_context(ManagedProcess(command, cwd=ROOT, env=env))

        yield start


def test_four_programs_tell_the_story_at_one_broker(
    run: Run, rabbit: Vhost, tmp_path: Path
) -> None:
    prepare(rabbit.amqp_url)
    secret = tmp_path / "amqp_url"
    secret.write_text(f"{rabbit.amqp_url}\n")
    few = ("--requests", "3", "--pace", "0.1", "--journals", "elife")
    programs = [
        run("export_manager", rabbit.amqp_url),
        run("meca_exporter", EVENTBUS_AMQP_URL_FILE=str(secret)),
        run("crossref_exporter", EVENTBUS_AMQP_URL=rabbit.amqp_url),
        run("submission", rabbit.amqp_url, *few),
    ]
    asking = programs[-1]
    asking.wait_for_line("published request 3 of 3")
    asking.wait_for_line(r"so far elife: 6$")

    for program in programs:
        assert program.terminate() == 0
        assert "Traceback" not in program.output
