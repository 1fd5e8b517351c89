"""Every service of ours starts by its own command, and two of a kind behave as one."""

import json
import re
import signal
from contextlib import ExitStack

import psycopg
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.deployment.compose import SERVICES, Installation
from tests.deployment.conftest import LEADS, sign_in, start_web, wait_ready
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess

EXAMPLES = [name for name, one in SERVICES.items() if "profiles" in one.said]
STORY = {"exportRequested", "beginMecaExport", "beginCrossrefExport", "exportSuccessful"}


def wait_for_event(feed: ClientConnection) -> None:
    """Wait until the feed shows an event as it is published, not from its history."""
    while json.loads(feed.recv(timeout=30))["kind"] != "events":
        pass


def wait_for_rows(database: str, question: str, expected: set[str]) -> None:
    """Wait until the database's answer has at least these."""
    with psycopg.connect(database, autocommit=True) as connection:

        def answer() -> set[str]:
            return {row[0] for row in connection.execute(question.encode())}

        wait_until(lambda: answer() >= expected, timeout=40, message=lambda: f"found {answer()}")


def leader_of(workers: list[ManagedProcess]) -> ManagedProcess:
    """The worker that leads; exactly one does."""
    (leader,) = [one for one in workers if re.search(LEADS, one.output)]
    return leader


@pytest.mark.timeout(240)
def test_two_consoles_and_two_workers_are_one_installation(
    installation: Installation, postgres: str
) -> None:
    workers = [installation.start("worker") for _ in range(2)]
    consoles = [start_web(installation) for _ in range(2)]
    for address, console in consoles:
        wait_ready(address, console)
    examples = [installation.start(name) for name in EXAMPLES]
    assert len(examples) == 4

    wait_for_rows(postgres, "SELECT type FROM journal_journalentry", STORY)
    services = "SELECT service FROM journal_outcome WHERE outcome = 'handled'"
    wait_for_rows(postgres, services, set(EXAMPLES))

    (first, _), (second, _) = consoles
    cookie = sign_in(first, installation.secret("admin_password"))
    with ExitStack() as feeds:
        for address in (first, second):
            feed = connect(
                f"ws://{address}/ws/feed/",
                origin=f"http://{address}",  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie},
            )
            wait_for_event(feeds.enter_context(feed))

    # Who leads is killed; the other one goes on, and the feed with it.
    leader = leader_of(workers)
    leader.kill()
    (successor,) = [one for one in workers if one is not leader]
    successor.wait_for_line(LEADS, timeout=40)
    with connect(
        f"ws://{second}/ws/feed/",
        origin=f"http://{second}",  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
    ) as feed:
        wait_for_event(feed)

    processes = [*examples, *(console for _, console in consoles), successor]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        assert process.wait(timeout=30) == 0, process.output_tail()
        assert "Traceback" not in process.output
    left = [path for path in installation.image.rglob("*") if path.name in {"var", "__pycache__"}]
    assert left == [], "the image is read-only"
