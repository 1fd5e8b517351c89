"""Whatever goes wrong with the management API, one of our errors says what to do."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bus_core.topology import Binding, Exchange
from eventbus_admin.broker import client
from eventbus_admin.broker.errors import (
    BrokerConflict,
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
)
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from tests.harness.ports import free_port

PASSWORD = "hunter2/@:secret"
AMQP = "amqp://u:p@127.0.0.1/%2F"

Answers = dict[str, tuple[int, object]]
OVERVIEW = {"cluster_name": "rabbit@host", "rabbitmq_version": "3.10.8", "disable_stats": False}
HEALTHY: Answers = {
    "overview": (200, OVERVIEW),
    "whoami": (200, {"name": "u", "tags": ["monitoring"]}),
    "global-parameters": (200, []),
    "vhosts": (200, [{"name": "/", "default_queue_type": "undefined"}]),
    "exchanges/%2F": (200, []),
    "queues/%2F": (200, []),
    "bindings/%2F": (200, []),
    "policies/%2F": (200, []),
    "consumers/%2F": (200, []),
}
NODES: Answers = {
    "nodes": (200, [{"name": "one", "running": True}, {"name": "two", "running": True}])
}
A_NODE_DOWN: Answers = {
    "nodes": (200, [{"name": "one", "running": True}, {"name": "two", "running": False}])
}


def refusal(status: int, error: str, reason: str) -> tuple[int, object]:
    return status, {"error": error, "reason": reason}


@pytest.fixture
def server() -> Iterator[Callable[[Answers], RabbitMQBroker]]:
    """Something that answers as told; returns our broker over it."""
    answers: Answers = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            where = self.path.removeprefix("/api/").partition("?")[0]
            status, body = answers.get(where, refusal(404, "Object Not Found", "Not Found"))
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_PUT = do_POST = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def start(told: Answers) -> RabbitMQBroker:
        answers.update(told)
        return broker_at(f"127.0.0.1:{running.server_port}")

    yield start
    running.shutdown()
    thread.join()
    running.server_close()


def broker_at(host: str) -> RabbitMQBroker:
    login = "someone:hunter2%2F%40%3Asecret"
    return RabbitMQBroker(management_url=f"http://{login}@{host}", amqp_url=AMQP)


def said(error: BrokerError) -> str:
    """The error's text and all that it came from."""
    texts = []
    cause: BaseException | None = error
    while cause is not None:
        texts.append(f"{cause!r} {cause}")
        cause = cause.__cause__ or cause.__context__
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("told", "error", "sentence"),
    [
        ((401, b"<html>"), BrokerRefused, "does not permit this"),
        (
            refusal(401, "not_authorized", "Login failed"),
            BrokerRefused,
            "refused our login. Correct user and password in EVENTBUS_MANAGEMENT_URL.",
        ),
        (
            refusal(401, "not_authorised", "Not management user"),
            BrokerRefused,
            "does not permit this: Not management user. Give the user",
        ),
        ((404, b"nothing here"), BrokerUnavailable, "is not RabbitMQ's management"),
        ((302, b""), BrokerUnavailable, "is not RabbitMQ's management"),
        ((200, b"<html>hello</html>"), BrokerUnavailable, "is not RabbitMQ's management"),
        ((200, {"hello": "world"}), BrokerUnavailable, "do not understand"),
        ((200, b""), BrokerUnavailable, "do not understand"),
        ((503, b"starting"), BrokerUnavailable, "failed with status 503"),
    ],
)
def test_a_bad_answer_says_what_to_do(
    server: Callable[[Answers], RabbitMQBroker],
    told: tuple[int, object],
    error: type[BrokerError],
    sentence: str,
) -> None:
    broker = server({**HEALTHY, "overview": told})
    for call in (broker.observe, broker.info):
        with pytest.raises(error) as caught:
            call()
        assert sentence in str(caught.value)
        assert PASSWORD not in said(caught.value)
        assert "hunter2" not in said(caught.value)


@pytest.mark.parametrize("part", [one for one in HEALTHY if one not in {"overview", "whoami"}])
def test_a_look_is_complete_or_an_error(
    server: Callable[[Answers], RabbitMQBroker], part: str
) -> None:
    broker = server({**HEALTHY, part: refusal(500, "internal", "a\nb")})
    with pytest.raises(BrokerUnavailable, match="a b"):
        broker.observe()


def queue(name: str) -> dict[str, object]:
    fixed = {"type": "classic", "durable": True, "exclusive": None, "auto_delete": False}
    return {"name": name, **fixed, "arguments": {}}


def implied(name: str) -> dict[str, object]:
    return {"source": "", "destination": name, "routing_key": name}


BINDING = {"source": "e", "destination": "q", "destination_type": "queue", "routing_key": ""}
ADMINISTRATOR: Answers = {
    "whoami": (200, {"name": "u", "tags": ["administrator"]}),
    "users": (200, []),
    "vhosts/%2F/permissions": (200, []),
    "definitions/%2F": (200, {"exchanges": [], "queues": [], "policies": [], "bindings": []}),
}
RIGHTS = {"user": "bus__s__a", "configure": "", "write": "", "read": ""}


@pytest.mark.parametrize(
    ("told", "lacking"),
    [
        ({"bindings/%2F": (200, [implied("q")])}, "queue q"),
        ({"bindings/%2F": (200, [BINDING])}, "exchange e, queue q"),
        ({**ADMINISTRATOR, "vhosts/%2F/permissions": (200, [RIGHTS])}, "user bus__s__a"),
        (
            {
                **ADMINISTRATOR,
                "definitions/%2F": (
                    200,
                    {"exchanges": [], "queues": [], "policies": [{"name": "p"}], "bindings": []},
                ),
            },
            "policy p",
        ),
    ],
)
def test_lists_that_contradict_each_other_are_an_error(
    server: Callable[[Answers], RabbitMQBroker], told: Answers, lacking: str
) -> None:
    with pytest.raises(BrokerUnavailable, match=f"contradicts itself: {lacking} must be there"):
        server({**HEALTHY, **NODES, **told}).observe()


def test_a_node_that_is_down_may_make_a_list_shorter(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    broker = server({**HEALTHY, **A_NODE_DOWN, "bindings/%2F": (200, [implied("q")])})
    assert broker.observe().queues == ()


def test_what_comes_while_we_look_is_no_contradiction(
    server: Callable[[Answers], RabbitMQBroker], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = server({**HEALTHY, "bindings/%2F": (200, [implied("q1")])})
    looks = iter([{"queue q1"}, {"queue q2"}])
    look = broker._observer._look
    monkeypatch.setattr(broker._observer, "_look", lambda: (look()[0], next(looks)))
    assert broker.observe().queues == ()


def test_a_witness_that_fails_is_not_heard(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    failing: Answers = {"definitions/%2F": (500, b"")}
    assert server({**HEALTHY, **ADMINISTRATOR, **failing}).observe().queues == ()


def test_a_healthy_empty_broker_is_no_error(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    assert server(HEALTHY).observe().queues == ()


def test_a_user_who_sees_only_his_own_is_refused(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    broker = server({**HEALTHY, "whoami": (200, {"name": "u", "tags": ["management"]})})
    with pytest.raises(BrokerRefused, match="the tags monitoring and policymaker"):
        broker.observe()


def test_a_virtual_host_that_is_not_there_is_named(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    broker = server({**HEALTHY, "vhosts": (200, [{"name": "other"}])})
    with pytest.raises(BrokerRefused, match="no virtual host '/'"):
        broker.observe()


def test_a_broker_without_statistics_counts_no_consumers(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    broker = server(
        {
            **HEALTHY,
            "overview": (200, {**OVERVIEW, "disable_stats": True}),
            "queues/%2F": (200, [{**queue("q"), "messages_ready": 3}]),
        }
    )
    (found,) = broker.observe().queues
    assert (found.ready, found.consumers) == (3, None)


def test_a_refused_change_is_a_conflict_with_the_brokers_reason(
    server: Callable[[Answers], RabbitMQBroker],
) -> None:
    reason = "inequivalent arg 'type' for exchange 'e' in vhost '/'"
    broker = server({"exchanges/%2F/e": refusal(400, "bad_request", reason)})
    with pytest.raises(BrokerConflict, match=reason):
        broker.declare_exchange(Exchange(name="e"))
    with pytest.raises(BrokerConflict, match="Not Found"):
        broker.bind(Binding(source="e", queue="q"))


def test_nobody_at_the_port_says_so() -> None:
    port = free_port()
    with pytest.raises(BrokerUnavailable, match=r"cannot be reached\. Start the broker") as caught:
        broker_at(f"127.0.0.1:{port}").observe()
    assert str(port) in str(caught.value)
    assert "hunter2" not in said(caught.value)


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = broker_at(f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(BrokerUnavailable, match=r"did not answer within 0\.2 s"):
            broker.observe()
