"""A queue is replaced while events flow, by a worker process of the admin that may be killed."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import Books
from tests.harness.admin import EVENT_TYPE, QUEUE, SERVICE, Admin
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

SWAP = f"swap__{EVENT_TYPE}__{SERVICE}"
RATE = 500
Program = Callable[..., ManagedProcess]


@pytest.fixture
def admin(rabbit: Vhost, tmp_path: Path) -> Iterator[Admin]:
    with ExitStack() as stack:
        yield Admin(rabbit, tmp_path, stack)


@pytest.fixture
def traffic(rabbit: Vhost, program: Program, books: Books) -> Callable[[int], "Traffic"]:
    """Start so many workers, and a publisher."""
    return lambda workers: Traffic(rabbit, program, books, workers)


class Traffic:
    """A paced publisher, workers, and the account at the end."""

    def __init__(self, rabbit: Vhost, program: Program, books: Books, workers: int) -> None:
        self._books = books
        self._files = [f"worker-{number}" for number in range(workers)]
        self._began = time.monotonic()
        self._workers = [
            program("worker", rabbit.amqp_url, SERVICE, EVENT_TYPE, file=file)
            for file in self._files
        ]
        self._start_worker = lambda: program(
            "worker", rabbit.amqp_url, SERVICE, EVENT_TYPE, file="late"
        )
        for worker in self._workers:
            worker.wait_for_line("running")
        self._publisher = program(
            "paced", rabbit.amqp_url, EVENT_TYPE, file="published", more=(str(RATE),)
        )
        wait_until(lambda: len(books.read("published")) > RATE)

    @property
    def published(self) -> int:
        """How many events the broker has taken."""
        return len(self._books.read("published"))

    def goes_on(self, seconds: int) -> None:
        """Wait until the events of so many seconds more were published."""
        enough = self.published + seconds * RATE
        wait_until(lambda: self.published >= enough, timeout=60)

    def account(self, what: str) -> str:
        """Stop the publisher, wait until all is handled, and return the sentence."""
        seconds = time.monotonic() - self._began
        assert self._publisher.terminate() == 0
        if not self._files:
            self._files.append("late")
            self._workers.append(self._start_worker())
        published = self._books.read("published")
        handled = self._books.wait_for_all(published, *self._files, timeout=90)
        assert [worker.terminate() for worker in self._workers] == [0] * len(self._workers)
        sentence = self._books.count(published, handled)
        print(f"\n{what}: {sentence}; {len(published) / seconds:.0f} events/s")
        return sentence


def replaced(admin: Admin, kind: str) -> None:
    """Wait until the operation is over and the queue is of this kind, without its helper."""
    done = admin.until("done")
    assert done["state"] == "done", done
    assert admin.queue()["type"] == kind
    assert not admin.queue(SWAP)
    print(f"\n{done['sentence']} {done['moved']} moved, {done['again']} perhaps twice")


def test_a_classic_queue_becomes_a_quorum_queue(
    admin: Admin, traffic: Callable[[int], "Traffic"]
) -> None:
    admin.do("prepare", EVENT_TYPE, SERVICE, "classic")
    admin.work()
    flowing = traffic(1)
    admin.do("swap", "quorum")
    replaced(admin, "quorum")
    assert ", 0 lost, " in flowing.account("classic to quorum")


@pytest.mark.long
def test_there_and_back_again_with_several_workers(
    admin: Admin, traffic: Callable[[int], "Traffic"]
) -> None:
    admin.do("prepare", EVENT_TYPE, SERVICE, "classic")
    admin.work()
    flowing = traffic(2)
    for kind in ("quorum", "classic"):
        admin.do("swap", kind)
        replaced(admin, kind)
    assert ", 0 lost, " in flowing.account("classic to quorum to classic")


@pytest.mark.long
def test_a_strangers_queue_becomes_ours(
    admin: Admin, rabbit: Vhost, traffic: Callable[[int], "Traffic"]
) -> None:
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1000}
    made = {"durable": True, "auto_delete": False, "arguments": arguments}
    rabbit.api("PUT", f"queues/{{vhost}}/{QUEUE}", made)
    admin.do("prepare", EVENT_TYPE, SERVICE, "quorum")
    admin.work()
    flowing = traffic(2)
    admin.do("swap", "")
    replaced(admin, "quorum")
    assert "x-delivery-limit" not in admin.queue()["arguments"]
    assert ", 0 lost, " in flowing.account("a stranger's to ours")


@pytest.mark.long
def test_without_workers_it_is_moved_and_may_rest_in_between(
    admin: Admin, traffic: Callable[[int], "Traffic"]
) -> None:
    admin.do("prepare", EVENT_TYPE, SERVICE, "classic")
    admin.work()
    flowing = traffic(0)
    admin.do("swap", "quorum")
    assert admin.until("drain")["state"] == "running"
    admin.do("pause")
    admin.until("paused")
    moved = admin.operation["moved"]
    flowing.goes_on(seconds=2)
    assert admin.operation["moved"] == moved
    admin.do("resume")
    replaced(admin, "quorum")
    assert ", 0 lost, 0 handled again" in flowing.account("without workers, paused and resumed")


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_it_is_taken_back_in_the_middle(
    admin: Admin, traffic: Callable[[int], "Traffic"], workers: int
) -> None:
    admin.do("prepare", EVENT_TYPE, SERVICE, "classic")
    admin.work()
    flowing = traffic(workers)
    admin.do("swap", "quorum")
    admin.until("drain")
    flowing.goes_on(seconds=1)
    admin.do("cancel")
    done = admin.until("rolled_back")
    assert done["state"] == "rolled_back", done
    assert admin.queue()["type"] == "classic"
    assert not admin.queue(SWAP)
    assert ", 0 lost, " in flowing.account(f"taken back, {workers} workers")


@pytest.mark.long
@pytest.mark.parametrize("phase", ["drain", "bring_back"])
def test_the_process_that_moves_is_killed(
    admin: Admin, traffic: Callable[[int], "Traffic"], phase: str
) -> None:
    admin.do("prepare", EVENT_TYPE, SERVICE, "classic")
    killed = admin.work()
    flowing = traffic(0)
    wait_until(lambda: admin.queue() and flowing.published > 8 * RATE, timeout=30)
    admin.do("swap", "quorum")
    wait_until(
        lambda: admin.operation["phase"] == phase and admin.operation["moved"],
        timeout=60,
        interval=0.005,
        message=lambda: str(admin.operation),
    )
    killed.kill()
    print(f"\nkilled in {phase}: {admin.operation}")
    admin.work()
    replaced(admin, "quorum")
    assert ", 0 lost, " in flowing.account(f"killed in {phase}")
