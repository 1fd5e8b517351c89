"""The command behind ``make broker``."""

import signal
import sys
from pathlib import Path

import pika
import pytest
import requests

from tests.harness.poll import wait_until
from tests.harness.proc import processes_mentioning
from tests.harness.process import ManagedProcess


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_where_it_is_and_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    """What it prints works; after the signal nothing is left."""
    command = [sys.executable, "-m", "tests.harness.broker"]
    env = {"TMPDIR": str(tmp_path)}
    with ManagedProcess(command, cwd=Path.cwd(), env=env, log=tmp_path / "output") as broker:
        broker.wait_for_line("Ctrl-C stops it", timeout=90)
        amqp_url = broker.wait_for_line(r"AMQP\s+(\S+)")[1]
        management_url = broker.wait_for_line(r"Management\s+(\S+)")[1]
        version = broker.wait_for_line(r"^RabbitMQ (\S+) is running")[1]

        pika.BlockingConnection(pika.URLParameters(amqp_url)).close()
        overview = requests.get(f"{management_url}/api/overview", timeout=10).json()
        assert overview["rabbitmq_version"] == version

        broker.send_signal(number)
        assert broker.wait() == 0
        wait_until(lambda: not processes_mentioning(str(tmp_path)), message="processes are left")
        assert [path.name for path in tmp_path.iterdir()] == ["output"]
