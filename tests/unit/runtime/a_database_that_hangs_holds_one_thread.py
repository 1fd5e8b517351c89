"""A probe answers in bounded time, and however many ask, one of them waits for the database."""

import threading
import time

import pytest

from eventbus_admin.runtime import deadline
from eventbus_admin.runtime.deadline import Deadline
from tests.harness.poll import wait_until


@pytest.fixture(autouse=True)
def _a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask as on a database server, whatever this test's database is."""

    class Connection:
        vendor = "postgresql"
        close = staticmethod(lambda: None)

    monkeypatch.setattr(deadline, "connection", Connection)


def test_it_gives_up_and_is_asked_again_when_the_answer_came() -> None:
    asked, go_on = [], threading.Event()

    def hangs() -> int:
        asked.append(1)
        go_on.wait(10)
        return len(asked)

    question = Deadline(hangs, 0.05)
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            question()
    assert time.monotonic() - began < 5
    assert len(asked) == 1

    go_on.set()
    wait_until(lambda: question() == 2, ignoring=TimeoutError)


def test_what_goes_wrong_is_told() -> None:
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Deadline(fails, 1)()
