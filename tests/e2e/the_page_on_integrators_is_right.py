"""`docs/integrators.md`: its commands, word for word, lead from outside to the first event."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from bus_core import Event, connect
from bus_core.topology import consumer_queue
from tests.docs.page import Page
from tests.e2e.conftest import PASSWORD, Product
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

PAGE = Page("integrators.md")
ME = "pubmed-exporter"
(
    SET_BUS,
    REGISTER,
    READ_MINE,
    READ_WAITING,
    APPROVE,
    ISSUE,
    READ_SUBSCRIPTION,
    WORK,
    SEND_TEST_EVENT,
    ASK_FOR_MORE,
) = PAGE.blocks("sh")
EXPORT = re.compile(r"^export (\w+)=.*$", re.MULTILINE)


class Reader:
    """Somebody who does what the page says; only what it exports are values of their own."""

    def __init__(self, folder: Path) -> None:
        PAGE.write_files(folder)
        self._folder = folder
        self.own: dict[str, str] = {}

    def filled(self, block: str) -> list[str]:
        """Return a block as a command, each `export` with the reader's own value."""
        text = EXPORT.sub(lambda line: f"export {line[1]}={shlex.quote(self.own[line[1]])}", block)
        return ["bash", "-euc", text]

    @property
    def env(self) -> dict[str, str]:
        """What a terminal has in which the blocks before were run."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**self.own, "PATH": path}

    def type(self, block: str) -> Any:
        """Run a block to its end and return the JSON that it prints."""
        done = subprocess.run(
            self.filled(block),
            cwd=self._folder,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return json.loads(done.stdout)

    def start(self, block: str) -> ManagedProcess:
        """Run a block that does not end by itself."""
        return ManagedProcess(self.filled(block), cwd=self._folder, env=self.env)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody with the page and an empty folder."""
    folder = tmp_path / "reader"
    folder.mkdir()
    return Reader(folder)


def operator_token(product: Product) -> str:
    """Make a token as a person who signed in to the console."""
    with requests.Session() as session:
        session.get(f"{product.url}/login/", timeout=10)
        who = {"username": "admin", "password": PASSWORD}
        csrf = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
        session.post(f"{product.url}/login/", {**who, **csrf}, timeout=10).raise_for_status()
        answer = session.post(
            f"{product.url}/api/v1/tokens/",
            json={"name": "deciding", "scopes": ["read", "write", "test"]},
            headers={"X-CSRFToken": session.cookies["csrftoken"]},
            timeout=10,
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def get_in(reader: Reader, product: Product) -> None:
    """Do what the page says, up to the queue that is there."""
    # Everything that is not on the page word for word:
    reader.own |= {"BUS": product.url, "OPERATOR_TOKEN": operator_token(product)}
    assert EXPORT.match(SET_BUS)

    # You register
    registered = reader.type(REGISTER)
    assert registered["service"] == ME
    reader.own["TOKEN"] = registered["token"]
    mine = reader.type(READ_MINE)["results"]
    assert mine == registered["requests"]
    assert [one["state"] for one in mine] == ["requested", "requested"]

    # An operator decides
    assert reader.type(ISSUE)["code"] == "not_approved"
    assert reader.type(READ_WAITING)["results"] == mine
    for one in mine:
        reader.own["REQUEST"] = str(one["id"])
        assert reader.type(APPROVE)["state"] == "approved"
    assert {one["answer"] for one in reader.type(READ_MINE)["results"]} == {"Welcome."}

    # You issue your credentials, and the queue is made
    reader.own["EVENTBUS_URL"] = reader.type(ISSUE)["url"]
    wait_until(lambda: reader.type(READ_SUBSCRIPTION)["sync"] == "in_sync", timeout=20)


@pytest.mark.timeout(180)
def test_from_registering_to_the_first_event(
    start_product: Callable[..., Product], rabbit: Vhost, reader: Reader
) -> None:
    product = start_product(
        registry_of_the_story=True,
        EVENTBUS_BACKEND="rabbitmq",
        EVENTBUS_AMQP_URL=rabbit.amqp_url,
        EVENTBUS_MANAGEMENT_URL=rabbit.management_url,
        EVENTBUS_REGISTRATION="open",
    )
    get_in(reader, product)
    assert f"bus__{ME}__a" in reader.own["EVENTBUS_URL"]

    # The test event arrives, and so does what somebody publishes
    (promised,) = PAGE.blocks("text")
    with reader.start(WORK) as service:
        reader.type(SEND_TEST_EVENT)
        service.wait_for_line(rf"^{promised.strip()}$")
        with connect(rabbit.amqp_url, service="submission") as bus:
            bus.publish(Event("exportRequested", {"journal": "elife", "articleId": "64568"}))
        service.wait_for_line(r"^deposited 64568$")

        # And what the service publishes goes to those who listen
        wait_until(lambda: depth(rabbit, consumer_queue("exportSuccessful", "submission")) == 2)

    # And more may be asked for
    (more,) = reader.type(ASK_FOR_MORE)["requests"]
    assert (more["event_type"], more["state"]) == ("beginMecaExport", "requested")


@pytest.mark.timeout(120)
def test_the_embedded_broker_takes_it_up_to_the_queue(
    start_product: Callable[..., Product], reader: Reader
) -> None:
    product = start_product(
        registry_of_the_story=True, EVENTBUS_EXAMPLES="0", EVENTBUS_REGISTRATION="open"
    )
    get_in(reader, product)
    assert reader.own["EVENTBUS_URL"].startswith("memory://")

    reader.type(SEND_TEST_EVENT)
    wait_until(lambda: reader.type(READ_SUBSCRIPTION)["messages_ready"] == 1, timeout=20)


@pytest.mark.timeout(120)
def test_a_flood_is_turned_away_and_the_console_stays_usable(
    start_product: Callable[..., Product], reader: Reader
) -> None:
    product = start_product(
        registry_of_the_story=True,
        EVENTBUS_EXAMPLES="0",
        EVENTBUS_REGISTRATION="open",
        EVENTBUS_REGISTRATION_RATE="3",
        EVENTBUS_API_ANONYMOUS_RATE="1000",
    )
    reader.own["BUS"] = product.url
    answers = [
        requests.post(
            f"{product.url}/api/v1/integrators/",
            json={
                "name": f"flood-{number}",
                "contact": "flood@example.org",
                "reason": "Flood.",
                "subscribes": ["exportRequested"],
            },
            timeout=10,
        )
        for number in range(100)
    ]
    assert [one.status_code for one in answers] == [201] * 3 + [429] * 97
    assert all(1 <= int(one.headers["Retry-After"]) <= 3600 for one in answers[3:])

    # Somebody signs in and reads what waits, at once
    reader.own["OPERATOR_TOKEN"] = operator_token(product)
    assert reader.type(READ_WAITING)["results"] == []
    answer = requests.get(
        f"{product.url}/api/v1/requests/?state=requested",
        headers={"Authorization": f"Token {reader.own['OPERATOR_TOKEN']}"},
        timeout=5,
    )
    flooded = [one["service"] for one in answer.json()["results"] if "flood" in one["service"]]
    assert flooded == ["flood-0", "flood-1", "flood-2"]


def depth(rabbit: Vhost, queue: str) -> int:
    """How many messages wait in a queue."""
    connection = rabbit.connect()
    try:
        found: int = connection.channel().queue_declare(queue, passive=True).method.message_count
        return found
    finally:
        connection.close()
