"""`bus-core dead retry` and `discard`: on what was chosen, after a yes, and it is counted."""

import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

import pytest

from bus_core import Event
from bus_core.cli import main
from bus_core.cli.terminal import Progress
from bus_core.dead_letters import acting
from bus_core.message import Message
from tests.harness.giving_up import LOST, QUEUE, SERVICE, Scene
from tests.harness.poll import wait_until

AUDIT = "consumer__exportRequested__audit-log"


def run(scene: Scene, verb: str, *arguments: str) -> int:
    return main(["dead", verb, "--service", SERVICE, "--url", scene.url, *arguments])


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """What is written here is typed at the command's terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "w") as keyboard, os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield keyboard


def test_a_retry_goes_to_that_subscription_only(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.give_up(1, 2, 3)
    elsewhere = scene.waiting(AUDIT)
    assert run(scene, "retry", "--all", "--yes") == 0
    out, err = capsys.readouterr()
    assert out == "retried 3, left 0 of those chosen untouched\n"
    assert f"3 go back to {QUEUE}" in err
    assert (scene.waiting(), scene.waiting(QUEUE), scene.waiting(AUDIT)) == (0, 3, elsewhere)


def test_only_the_chosen_ones(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = scene.give_up(1, 2)
    scene.give_up(3, error="closed")
    assert run(scene, "retry", "--id", first.id, "--id", second.id, "--yes") == 0
    assert (scene.waiting(), scene.waiting(QUEUE)) == (1, 2)
    assert run(scene, "discard", "--error", "closed", "--yes") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "discarded 1, left 0 of those chosen untouched"
    )
    assert (scene.waiting(), scene.waiting(QUEUE)) == (0, 2)


def test_what_has_no_queue_to_go_to_stays(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.give_up(1)
    scene.lose(Event("oldEvent", 2))
    scene.bury(Message(body=b"?"))
    assert run(scene, "retry", "--all", "--yes") == 1
    out, err = capsys.readouterr()
    assert out == "retried 1, left 2 of those chosen untouched\n"
    assert f"1 stay here: there is no queue {LOST} any more" in err
    assert "1 stay here: nobody can tell which queue they belong to" in err
    assert scene.waiting() == 2


def test_discarding_says_what_is_lost(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.give_up(1, 2)
    assert run(scene, "discard", "--all", "--yes") == 0
    assert f"{SERVICE} will never handle these events" in capsys.readouterr().err
    assert (scene.waiting(), scene.waiting(QUEUE)) == (0, 0)


@pytest.mark.parametrize("verb", ["retry", "discard"])
@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("yes", 0), ("n", 2), ("", 2)])
def test_it_asks_once(
    scene: Scene,
    keyboard: TextIO,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    answer: str,
    left: int,
) -> None:
    scene.give_up(1, 2)
    print(answer, file=keyboard, flush=True)
    assert run(scene, verb, "--all") == (1 if left else 0)
    assert capsys.readouterr().err.count("2 dead letters? [y/N]") == 1
    assert scene.waiting() == left


def test_ctrl_c_is_no_answer(
    scene: Scene, keyboard: TextIO, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.give_up(1, 2)

    def interrupt() -> None:
        wait_until(lambda: "[y/N]" in capsys.readouterr().err)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    person = threading.Thread(target=interrupt)
    person.start()
    assert run(scene, "discard", "--all") == 130
    person.join()
    assert scene.waiting() == 2


@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_where_nobody_can_be_asked_it_wants_a_yes(
    scene: Scene, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    scene.give_up(1)
    assert run(scene, verb, "--all") == 2
    assert "add --yes" in capsys.readouterr().err
    assert scene.waiting() == 1


@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_it_wants_to_be_told_which_ones(
    scene: Scene, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    scene.give_up(1)
    assert run(scene, verb, "--yes") == 2
    assert "or --all for all of them" in capsys.readouterr().err
    assert scene.waiting() == 1


def test_an_unknown_id_stops_it_before_anything_is_done(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    (event,) = scene.give_up(1)
    assert run(scene, "discard", "--id", event.id, "--id", "nobody", "--yes") == 1
    assert "not among the dead letters that were read: nobody" in capsys.readouterr().err
    assert scene.waiting() == 1


def test_none_chosen_is_nothing_done(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.give_up(1)
    assert run(scene, "retry", "--reason", "crashes", "--yes") == 0
    assert capsys.readouterr().out.startswith("nothing was done; 0 chosen")
    assert scene.waiting() == 1


def test_interrupted_it_leaves_the_rest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(acting, "CHUNK", 2)
    scene.give_up(*range(6))
    monkeypatch.setattr(Progress, "__call__", lambda *_: signal.raise_signal(signal.SIGINT))
    assert run(scene, "retry", "--all", "--yes") == 130
    out, err = capsys.readouterr()
    assert out == "retried 2, left 4 of those chosen untouched\n"
    assert "Interrupted; the rest is as it was." in err
    assert (scene.waiting(), scene.waiting(QUEUE)) == (4, 2)
