"""`docs/quick-start.md`: its programs and commands do what the page says, as they stand there."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bus_core.topology import dead_letters, event_exchange
from tests.docs.page import Page
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

PAGE = Page("quick-start.md")

Run = Callable[..., ManagedProcess]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a command of the page where its files are."""
    PAGE.write_files(tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with ExitStack() as stack:

        def start(command: str, **env: str) -> ManagedProcess:
            args = shlex.split(command)
            env |= {"PATH": path}
            return stack.enter_context(ManagedProcess(args, cwd=tmp_path, env=env))

        yield start


@pytest.fixture(params=["memory", "rabbitmq"])
def url(request: pytest.FixtureRequest) -> str:
    """A broker, without and with RabbitMQ."""
    if request.param == "memory":
        return "memory://quick-start"
    found: str = request.getfixturevalue("rabbit").amqp_url
    return found


def test_it_can_be_tried_in_one_program(run: Run, url: str) -> None:
    program = run("python try_it.py", EVENTBUS_AMQP_URL=url)
    assert program.wait(timeout=30) == 0, program.output
    (promised,) = PAGE.blocks("text")
    # Who is quicker, the exporter with its next article or the counter, is open; both may even
    # come to write on one line.
    for line in promised.splitlines():
        assert program.output.count(line) == 1
    assert program.output.count("exported ") + program.output.count("counted ") == len(
        promised.splitlines()
    )
    assert "'oops' is not an article" in program.output


def test_its_commands_run_on_rabbitmq(run: Run, rabbit: Vhost) -> None:
    everybody = {"EVENTBUS_AMQP_URL": rabbit.amqp_url}
    _, _, _, set_url, work, watch, publish, publish_by_hand = PAGE.commands()
    assert set_url.startswith("export EVENTBUS_AMQP_URL=amqp://")

    worker = run(work, **everybody)
    wait_until(lambda: queues_of(rabbit, "exportRequested", "consumer__"), timeout=30)
    watching = run(watch, **everybody)
    wait_until(lambda: queues_of(rabbit, "exportSuccessful", "tail__"), timeout=30)

    assert run(publish, **everybody).wait() == 0
    by_hand = run(publish_by_hand, **everybody)
    assert by_hand.wait() == 0
    for article in ("64567", "64568", "64569"):
        worker.wait_for_line(rf"^exported {article}$")
        watching.wait_for_line(rf"exportRequested  from [\w-]+  .*{article}")
        watching.wait_for_line(rf"exportSuccessful  from meca-exporter  .*{article}")
    assert by_hand.output.startswith("exportRequested_")
    wait_until(lambda: depth(rabbit, dead_letters("meca-exporter")) == 1)
    assert worker.terminate() == 0


def queues_of(rabbit: Vhost, event_type: str, prefix: str) -> list[str]:
    """The queues with such a name that get events of a type."""
    return [
        one["destination"]
        for one in rabbit.api("GET", "bindings/{vhost}")
        if one["source"] == event_exchange(event_type) and one["destination"].startswith(prefix)
    ]


def depth(rabbit: Vhost, queue: str) -> int:
    """How many messages wait in a queue."""
    connection = rabbit.connect()
    try:
        found: int = connection.channel().queue_declare(queue, passive=True).method.message_count
        return found
    finally:
        connection.close()
