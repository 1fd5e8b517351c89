"""`python -m benchmarks` plays its rounds on a broker and leaves that as it was."""

import subprocess
import sys

import pytest

from benchmarks.contestants import ceiling
from benchmarks.job import Job
from benchmarks.parts import PARTS
from benchmarks.rounds import MeasurementError, play
from benchmarks.stage import Stage
from tests.harness.vhosts import Vhost

# What is installed for the tests; the other contestants come with `make bench`.
INSTALLED = ("bus_core", "broker's ceiling", "pika, by hand", "pika, blocking", "reconciler")


def run(vhost: Vhost, *arguments: str) -> subprocess.CompletedProcess[str]:
    urls = ["--url", vhost.amqp_url, "--management-url", vhost.management_url]
    command = [sys.executable, "-m", "benchmarks", *urls, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_every_part_yields_its_figures(rabbit: Vhost) -> None:
    only = [word for name in INSTALLED for word in ("--only", name)]

    ended = run(rabbit, "--rounds", "1", "--seconds", "0.2", "--events", "1000", *only)

    assert ended.returncode == 0, ended.stderr
    for part in PARTS:
        for figure in part.figures:
            assert figure.title in ended.stdout
    assert "guest" not in ended.stdout


def test_the_broker_is_left_as_it_was(rabbit: Vhost) -> None:
    before = rabbit.api("GET", "exchanges/{vhost}")

    ended = run(rabbit, "consume", "--only", "bus_core", "--rounds", "1", "--events", "500")

    assert ended.returncode == 0, ended.stderr
    assert rabbit.api("GET", "queues/{vhost}") == []
    assert {one["name"] for one in rabbit.api("GET", "exchanges/{vhost}")} == {
        one["name"] for one in before
    }


def test_no_virtual_host_is_left(rabbit: Vhost) -> None:
    before = {one["name"] for one in rabbit.api("GET", "vhosts")}

    ended = run(rabbit, "first_apply", "compare", "--rounds", "1", "--events", "100")

    assert ended.returncode == 0, ended.stderr
    assert {one["name"] for one in rabbit.api("GET", "vhosts")} == before
    assert "its calls, by hand" in ended.stdout


def test_the_ceiling_counts_what_the_broker_confirmed(rabbit: Vhost) -> None:
    with Stage(rabbit.amqp_url) as stage:
        stage.reset()

        figures = ceiling.publish(Job(rabbit.amqp_url, seconds=0.2, events=0))

        assert stage.messages() == figures["events"] + ceiling.WARM_UP_EVENTS


class OneTooMany(Stage):
    """Puts one event more into the queue than it was told."""

    def fill(self, events: int) -> None:
        super().fill(events + 1)


def test_a_contestant_that_leaves_messages_behind_is_not_believed(rabbit: Vhost) -> None:
    consume = next(part for part in PARTS if part.name == "consume")
    job = Job(rabbit.amqp_url, seconds=1, events=500)
    expectation = pytest.raises(MeasurementError, match="1 messages are in the queue, expected 0")
    with OneTooMany(rabbit.amqp_url) as stage, expectation:
        play(consume, stage, job, 1, ["pika, by hand"], lambda _: None)


def test_a_part_that_is_not_there_is_named(rabbit: Vhost) -> None:
    ended = run(rabbit, "publish_few")

    assert ended.returncode == 2
    assert "no part publish_few; there are publish_many, threads" in ended.stderr
