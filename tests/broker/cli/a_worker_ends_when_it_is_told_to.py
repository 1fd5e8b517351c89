"""`bus-core worker` in one process: the first signal finishes what is held, the second does not."""

import signal

import pytest

from tests.broker.cli.conftest import BusCore, Shift
from tests.harness.poll import wait_until

PLACE = "tests.harness.programs.service:build"


def test_it_says_what_it_consumes_and_where(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url)
    worker.wait_for_line("ends it.")
    vhost = shift.url.rpartition("/")[2]
    assert "guest" not in worker.output
    assert f"(virtual host {vhost})" in worker.output
    assert "shiftEvent: 2 threads, prefetch 100, 4 attempts, again after 1 s" in worker.output
    assert worker.terminate() == 0


def test_the_first_signal_finishes_what_is_held(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url)
    shift.publish("hold")
    wait_until(lambda: shift.written("began"))
    worker.send_signal(signal.SIGTERM)
    worker.wait_for_line("SIGTERM: finishing what is held, for at most 25 s")
    shift.open_gate()
    assert worker.wait() == 0
    assert shift.done() == ["hold"]


def test_it_waits_no_longer_than_its_grace(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url, "--grace", "0.5")
    shift.publish("hold")
    wait_until(lambda: shift.written("began"))
    assert worker.terminate(timeout=10) == 0
    assert "returned 1 unfinished events" in worker.output
    assert shift.done() == []


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((signal.SIGTERM, signal.SIGTERM), 143),
        ((signal.SIGINT, signal.SIGINT), 130),
    ],
)
def test_the_second_signal_ends_at_once_and_another_worker_handles_it(
    bus_core: BusCore, shift: Shift, signals: tuple[signal.Signals, ...], code: int
) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url)
    shift.publish("quick")
    wait_until(lambda: shift.done() == ["quick"], timeout=30)
    shift.publish("hold")
    wait_until(lambda: len(shift.written("began")) == 2)
    worker.send_signal(signals[0])
    worker.wait_for_line("once more ends at once")
    worker.send_signal(signals[1])
    assert worker.wait(timeout=10) == code
    assert "again: ending at once; what is held goes back to the broker." in worker.output
    assert shift.done() == ["quick"]
    shift.open_gate()
    second = bus_core("worker", PLACE, "--url", shift.url)
    wait_until(lambda: shift.done() == ["quick", "hold"], timeout=30)
    assert second.terminate() == 0
