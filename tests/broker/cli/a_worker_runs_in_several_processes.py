"""`bus-core worker --processes`: they share the work, are started again, and end together."""

import json
import os
import signal
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.broker.cli.conftest import BusCore, Shift
from tests.harness.poll import wait_until
from tests.harness.proc import processes_mentioning
from tests.harness.process import ManagedProcess
from tests.harness.rabbitmq import RabbitNode

PLACE = "tests.harness.programs.service:build"


def health(worker: ManagedProcess) -> tuple[int, Any]:
    """Return what `/healthz` answers."""
    url = worker.wait_for_line(r"^Health: (\S+)").group(1)
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def wait_until_well(worker: ManagedProcess) -> Any:
    wait_until(lambda: health(worker)[0] == 200, timeout=60, message=worker.output_tail)
    return health(worker)[1]


def test_both_work_one_killed_comes_back_and_sigterm_ends_all(
    bus_core: BusCore, shift: Shift
) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url, "--processes", "2", "--health-port", "0")
    document = wait_until_well(worker)
    pids = {one["pid"] for one in document["workers"]}
    assert document["processes"] == {"wanted": 2, "alive": 2}
    assert len(pids) == 2
    assert worker.output.count("shift consumes from 127.0.0.1") == 1
    assert "4 attempts, again after 1 s" in worker.output

    def both_worked() -> bool:
        shift.publish(*range(20))
        return {pid for pid, _ in shift.written("done")} == pids

    wait_until(both_worked, timeout=30)

    victim = min(pids)
    os.kill(victim, signal.SIGKILL)
    worker.wait_for_line(rf"pid {victim}\) was ended by SIGKILL after .* starting it again")
    wait_until(lambda: health(worker)[0] == 503, message="nobody misses it")
    document = wait_until_well(worker)
    again = {one["pid"] for one in document["workers"]}
    assert victim not in again
    assert len(again) == 2

    assert worker.terminate() == 0
    assert "SIGTERM: all processes finish what they hold" in worker.output
    assert "Traceback" not in worker.output
    assert not processes_mentioning(PLACE)


def test_ctrl_c_in_a_terminal_reaches_everybody_once(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url, "--processes", "2", "--health-port", "0")
    wait_until_well(worker)
    shift.publish("hold")
    wait_until(lambda: shift.written("began"))
    os.killpg(worker.pid, signal.SIGINT)
    worker.wait_for_line("SIGINT: all processes finish")
    shift.open_gate()
    assert worker.wait() == 0
    assert shift.done() == ["hold"]


def test_a_second_signal_ends_all_at_once(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url, "--processes", "2", "--health-port", "0")
    wait_until_well(worker)
    shift.publish("hold")
    wait_until(lambda: shift.written("began"))
    worker.send_signal(signal.SIGTERM)
    worker.wait_for_line("SIGTERM: all processes finish")
    worker.send_signal(signal.SIGINT)
    assert worker.wait(timeout=10) == 130
    assert not processes_mentioning(PLACE)
    shift.open_gate()
    second = bus_core("worker", PLACE, "--url", shift.url)
    wait_until(lambda: shift.done() == ["hold"], timeout=30)
    assert second.terminate() == 0


def test_processes_end_when_nobody_looks_after_them(bus_core: BusCore, shift: Shift) -> None:
    worker = bus_core("worker", PLACE, "--url", shift.url, "--processes", "2", "--health-port", "0")
    wait_until_well(worker)
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not processes_mentioning(PLACE), timeout=30)


def test_a_refused_login_is_one_sentence(bus_core: BusCore, shift: Shift) -> None:
    url = shift.url.replace("guest:guest", "guest:geheim")
    for more in ((), ("--processes", "2")):
        worker = bus_core("worker", PLACE, "--url", url, *more)
        assert worker.wait() == 1
        refused = [line for line in worker.output.splitlines() if "refused" in line]
        assert refused == ["bus-core: RabbitMQ refused the user name or the password in the URL."]
        assert "Traceback" not in worker.output, worker.output
        assert "geheim" not in worker.output


def test_a_wrong_place_is_one_sentence(bus_core: BusCore) -> None:
    worker = bus_core("worker", "no.such:bus", "--processes", "2")
    assert worker.wait() == 2
    assert worker.output.count("there is no module 'no.such' here") == 1


@pytest.mark.timeout(240)
def test_health_follows_the_broker(
    bus_core: BusCore, own_rabbit_node: RabbitNode, tmp_path: Any
) -> None:
    shift = Shift(tmp_path, own_rabbit_node.amqp_url)
    shift.prepare()
    own_rabbit_node.flush()
    one = bus_core("worker", PLACE, "--url", shift.url, "--health-port", "0")
    several = bus_core(
        "worker", PLACE, "--url", shift.url, "--processes", "2", "--health-port", "0"
    )
    for worker in (one, several):
        wait_until_well(worker)
    own_rabbit_node.kill()
    for worker in (one, several):
        wait_until(lambda: health(worker)[0] == 503, timeout=30)  # noqa: B023
        assert "the connection to the broker is recovering" in str(health(worker)[1]["because"])
    own_rabbit_node.start()
    for worker in (one, several):
        wait_until_well(worker)
        assert worker.terminate() == 0
