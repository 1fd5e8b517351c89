"""Child processes, polling and ports: what every other test leans on."""

import signal
import sys
from pathlib import Path

import pytest

from tests.harness.poll import wait_until
from tests.harness.ports import free_port, is_free
from tests.harness.proc import processes_mentioning
from tests.harness.process import ManagedProcess, ProcessEndedError


def python(code: str) -> ManagedProcess:
    """A Python process that runs this."""
    return ManagedProcess([sys.executable, "-c", code])


def test_a_line_is_waited_for() -> None:
    """And the match carries what it found."""
    with python("import time; print('up'); print('port 17'); time.sleep(60)") as process:
        assert process.wait_for_line(r"^port (\d+)$")[1] == "17"
        assert process.running


def test_the_second_such_line_is_waited_for() -> None:
    """For what happens more than once, like a connection."""
    with python("print('try 1'); print('try 2')") as process:
        assert process.wait_for_line(r"try (\d)", occurrence=2)[1] == "2"


def test_a_process_that_ends_too_early_is_quoted() -> None:
    """Not a bare time-out: its last words say what went wrong."""
    with (
        python("import sys; sys.exit('no such setting')") as process,
        pytest.raises(ProcessEndedError, match=r"ended with code 1.*\n.*no such setting"),
    ):
        process.wait_for_line("ready")


def test_a_line_that_does_not_come_is_a_timeout() -> None:
    """With the output so far."""
    with python("import time; print('thinking'); time.sleep(60)") as process:
        process.wait_for_line("thinking")
        with pytest.raises(TimeoutError, match=r"did not write 'ready'(.*\n)*thinking"):
            process.wait_for_line("ready", timeout=0.2)


def test_terminate_gives_the_exit_code() -> None:
    """The process decides how it ends."""
    code = (
        "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print('up'); signal.pause()"
    )
    with python(code) as process:
        process.wait_for_line("up")
        assert process.terminate() == 7


def test_kill_takes_the_children_along() -> None:
    """The whole group, so that no grandchild keeps a port."""
    grandchild = "a-grandchild-of-this-test"
    code = f"import subprocess; subprocess.run(['sleep', '60'], env={{'MARK': '{grandchild}'}})"
    # the mark is put together from two halves, so that only the grandchild carries it
    code = code.replace(grandchild, "a-grandchild-' + 'of-this-test")
    with python(code) as process:
        wait_until(lambda: processes_mentioning(grandchild), message="no grandchild")
        assert process.kill() == -signal.SIGKILL
        wait_until(lambda: not processes_mentioning(grandchild), message="it still runs")


def test_the_output_of_a_closed_process_is_removed() -> None:
    """Unless the test gave a place for it."""
    with python("print('hello')") as process:
        process.wait()
        assert process.output == "hello\n"
    assert not process.log.exists()


def test_output_may_go_to_a_file_of_ones_own(tmp_path: Path) -> None:
    """Which stays."""
    log = tmp_path / "log"
    with ManagedProcess([sys.executable, "-c", "print('hello')"], log=log) as process:
        process.wait()
    assert log.read_text() == "hello\n"


def test_waiting_returns_the_first_true_answer() -> None:
    """Whatever it is."""
    answers = iter([None, 0, "", "yes"])
    assert wait_until(lambda: next(answers), interval=0) == "yes"


def test_waiting_ends_at_the_deadline_and_says_what_it_saw() -> None:
    """With the message, which may be made at the end."""
    with pytest.raises(TimeoutError, match=r"no events after 0\.05 s \(last: \[\]\)"):
        wait_until(list, timeout=0.05, message=lambda: "no events", interval=0.01)


def test_waiting_ignores_only_the_named_exceptions() -> None:
    """Every other one is a mistake in the test."""

    def refuse() -> bool:
        raise ConnectionRefusedError("not up")

    with pytest.raises(TimeoutError, match="not up"):
        wait_until(refuse, timeout=0.05, interval=0.01, ignoring=OSError)
    with pytest.raises(ConnectionRefusedError):
        wait_until(refuse, timeout=0.05, ignoring=ValueError)


def test_free_ports_are_free_and_never_given_twice() -> None:
    """Also when nobody has begun to listen on them yet."""
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(map(is_free, ports))
