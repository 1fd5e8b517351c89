"""Parts of a process fail and come back; the process goes on."""

import threading

import pytest

from bus_core.errors import LoginRefused
from eventbus_admin.runtime import supervision
from eventbus_admin.runtime.supervision import Part, Supervisor


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin again without delay."""
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(supervision, "LONGEST_PAUSE", 0.002)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), LoginRefused("wrong password")])
def test_a_part_that_fails_begins_again_and_disturbs_no_other(error: Exception) -> None:
    attempts: list[int] = []
    third = threading.Event()
    steady_ends = threading.Event()

    def fail(stop: threading.Event) -> None:
        attempts.append(1)
        if len(attempts) == 3:
            third.set()
        raise error

    def steady(stop: threading.Event) -> None:
        stop.wait()
        steady_ends.set()

    supervisor = Supervisor([Part("failing", fail), Part("steady", steady)])
    supervisor.start()
    assert third.wait(10)
    assert not steady_ends.is_set()

    assert supervisor.stop(5) == []
    assert steady_ends.is_set()


def test_a_part_that_does_not_stop_is_named() -> None:
    release = threading.Event()
    supervisor = Supervisor([Part("stubborn", lambda stop: bool(release.wait(30)) and None)])
    supervisor.start()

    assert supervisor.stop(0.05) == ["stubborn"]
    release.set()
    assert supervisor.stop(5) == []


def test_what_was_never_started_is_stopped_already() -> None:
    assert Supervisor([Part("idle", lambda stop: None)]).stop(1) == []
