"""`/healthz`: 200 while everything is as it should be, 503 with the reasons otherwise."""

import json
import socket
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from bus_core import connect
from bus_core.cli.health import ProcessHealth, WorkerHealth, look, serve
from bus_core.cli.options import Failed
from bus_core.connecting import open_link
from bus_core.control import Directives, SubscriptionDirective
from bus_core.topology import control_stream, control_topology

WELL = ProcessHealth(pid=7, service="s", link="open", subscriptions={"a": "consuming"})


def ask(url: str, method: str = "GET") -> tuple[int, Any]:
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(
    ("process", "because"),
    [
        (WELL, []),
        (ProcessHealth(pid=7, link="blocked", subscriptions={"a": "paused", "b": "retired"}), []),
        (
            ProcessHealth(pid=7, link="recovering"),
            ["process 7: the connection to the broker is recovering"],
        ),
        (
            ProcessHealth(pid=7, link="open", subscriptions={"a": "waiting", "b": "consuming"}),
            ["process 7 does not consume a yet"],
        ),
        (ProcessHealth(pid=7, link="open", ending=True), ["process 7 is ending"]),
    ],
)
def test_it_says_why(process: ProcessHealth, because: list[str]) -> None:
    document = WorkerHealth(wanted=1, processes=[process]).document()
    assert document["because"] == because
    assert document["status"] == ("not ok" if because else "ok")


def test_over_http() -> None:
    now = [WorkerHealth(wanted=2, processes=[WELL, WELL])]
    url = serve("127.0.0.1", 0, lambda: now[0])
    status, body = ask(url)
    assert (status, json.loads(body)["processes"]) == (200, {"wanted": 2, "alive": 2})
    assert json.loads(body)["workers"][0]["subscriptions"] == {"a": "consuming"}
    assert ask(url, "HEAD") == (200, b"")
    now[0] = WorkerHealth(wanted=2, processes=[WELL], complaints=["process 2 is not running"])
    status, body = ask(url)
    assert (status, json.loads(body)["because"]) == (503, ["process 2 is not running"])
    status, _ = ask(url.replace("healthz", "elsewhere"))
    assert status == 404


def test_a_bus_on_the_embedded_broker_gets_well() -> None:
    with connect("memory://", service="meca-exporter") as bus:
        bus.subscribe("a")(print)
        assert look(bus, ending=False).subscriptions == {"a": "waiting"}
        bus.start(wait=10)
        health = look(bus, ending=False)
        assert (health.link, health.subscriptions) == ("open", {"a": "consuming"})
    assert look(bus, ending=False).link == "closed"


def test_what_the_registry_paused_is_well() -> None:
    name = uuid.uuid4().hex
    link = open_link(f"memory://{name}", client_name="test")
    link.declare(control_topology("meca-exporter"))
    paused = Directives(subscriptions={"a": SubscriptionDirective(state="paused")})
    link.publish("", control_stream("meca-exporter"), paused.encode()).result(10)
    with connect(f"memory://{name}", service="meca-exporter") as bus:
        for event_type in ("a", "b"):
            bus.subscribe(event_type)(print)
        bus.start(wait=10)
        health = look(bus, ending=False)
    assert health.subscriptions == {"a": "paused", "b": "consuming"}
    assert health.complaints == []


def test_an_address_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=f"on 127.0.0.1 port {port}: Address already in use"):
            serve("127.0.0.1", port, lambda: WorkerHealth(wanted=1, processes=[]))
