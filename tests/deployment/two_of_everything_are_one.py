"""Two consoles and two workers behave as one installation, also when who leads is killed."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import requests
from websockets.sync.client import ClientConnection, connect

import bus_core
from bus_core import Event
from tests.deployment.compose import Installation
from tests.deployment.conftest import LEADS, start_web, wait_ready
from tests.harness.poll import wait_until
from tests.harness.postgres import PostgresServer
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

METRICS_TOKEN = "only-for-this-test-0123456789"
QUEUE = "consumer__exportRequested__statistics"
REQUEST = "scale-out-0001"
RATE = 6
LEASE_SECONDS = 15.0
STANDBY_SECONDS = 1.0


@dataclass
class Console:
    """One of the consoles, and the admin who is signed in."""

    address: str
    process: ManagedProcess
    session: requests.Session

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(f"http://{self.address}{path}", headers=headers, timeout=20)

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        token = {"X-CSRFToken": str(self.session.cookies["csrftoken"])}
        url = f"http://{self.address}{path}"
        return self.session.post(url, json=body, headers={**headers, **token}, timeout=20)


@dataclass
class Page:
    """An open page of the feed; what it was sent is kept."""

    socket: ClientConnection
    seen: list[str] = field(default_factory=list)
    sequence: list[int] = field(default_factory=list)
    dropped: int = 0

    def read_until(self, wanted: set[str], timeout: float = 30) -> float:
        """Read frames until these events were shown; returns the seconds that it took."""
        began = time.monotonic()
        while not wanted <= set(self.seen):
            left = timeout - (time.monotonic() - began)
            assert left > 0, f"{len(wanted - set(self.seen))} events were not shown"
            frame = json.loads(self.socket.recv(timeout=left))
            if frame["kind"] == "events":
                self.seen += [row["id"] for row in frame["rows"]]
                self.sequence.append(frame["seq"])
            self.dropped = frame.get("dropped", self.dropped)
        return time.monotonic() - began


@pytest.fixture
def consoles(installation: Installation) -> tuple[Console, Console]:
    """Two consoles; who signed in at the first has one session for both."""
    session = requests.Session()
    settings = {
        "EVENTBUS_METRICS_TOKEN": METRICS_TOKEN,
        "EVENTBUS_API_ANONYMOUS_RATE": str(RATE),
        "EVENTBUS_COMPARE_SECONDS": "60",
    }
    found = [Console(*start_web(installation, **settings), session) for _ in range(2)]
    first, second = found
    page = first.get("/login/").text
    form = {
        "username": "admin",
        "password": installation.secret("admin_password"),
        "csrfmiddlewaretoken": re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0],
    }
    session.post(f"http://{first.address}/login/", form, timeout=20, allow_redirects=False)
    return first, second


@pytest.fixture
def workers(installation: Installation) -> list[ManagedProcess]:
    """Two workers, of which one leads."""
    # With RabbitMQ's own hints, changes are seen at once although it is read every minute only.
    return [installation.start("worker", EVENTBUS_COMPARE_SECONDS="60") for _ in range(2)]


@contextmanager
def feed_pages(consoles: tuple[Console, Console]) -> Iterator[tuple[Page, Page]]:
    with ExitStack() as stack:
        pages = []
        for one in consoles:
            cookie = f"sessionid={one.session.cookies['sessionid']}"
            origin: Any = f"http://{one.address}"
            socket = connect(
                f"ws://{one.address}/ws/feed/",
                origin=origin,
                additional_headers={"Cookie": cookie},
            )
            pages.append(Page(stack.enter_context(socket)))
            assert json.loads(pages[-1].socket.recv(timeout=20))["kind"] == "hello"
        yield pages[0], pages[1]


def publish(rabbit: Vhost, count: int) -> set[str]:
    """Publish so many events; returns their ids."""
    events = [Event("exportRequested", {"number": number}) for number in range(count)]
    with bus_core.connect(rabbit.amqp_url, service="submission") as bus:
        bus.publish_many(events)
    return {one.id for one in events}


def seconds_until(true: Callable[[], Any], timeout: float = 40) -> float:
    began = time.monotonic()
    wait_until(true, timeout=timeout, interval=0.05)
    return time.monotonic() - began


def ask(database: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()


def the_same_for_all(metrics: str) -> list[str]:
    """What a console tells of the database and not of itself or of the moment."""
    lines = metrics.splitlines()
    return [one for one in lines if "process=" not in one and "_age_seconds" not in one]


@pytest.mark.timeout(240)
def test_what_one_does_all_see_and_nothing_is_done_twice(
    consoles: tuple[Console, Console],
    workers: list[ManagedProcess],
    postgres: str,
    postgres_server: PostgresServer,
    rabbit: Vhost,
) -> None:
    began = time.monotonic()
    first, second = consoles
    for one in consoles:
        wait_ready(one.address, one.process)
    told = [f"both consoles ready after {time.monotonic() - began:.1f} s"]

    # One session, the same static files, one throttle for both.
    assert second.get("/feed/").status_code == 200
    style = re.findall(r'href="(/static/[^"]+\.css)"', first.get("/feed/").text)[0]
    assert first.get(style).content == second.get(style).content != b""
    wait_until(lambda: time.time() % 60 < 45, timeout=30)  # it counts by the minute
    statuses = [
        requests.get(f"http://{consoles[number % 2].address}/api/v1/services/", timeout=20)
        for number in range(RATE + 2)
    ]
    assert [one.status_code for one in statuses] == [401] * RATE + [429] * 2
    told.append(f"throttle: {RATE} of {RATE + 2} requests let through, alternating")

    # A change at the first is applied once and seen at the second.
    made = first.post(
        "/api/v1/subscriptions/",
        {"event_type": "exportRequested", "service": "statistics"},
        **{"X-Request-ID": REQUEST},
    )
    assert (made.status_code, made.headers["X-Request-ID"]) == (201, REQUEST), made.text
    where = "/api/v1/subscriptions/exportRequested/statistics/"
    took = seconds_until(lambda: second.get(where).json()["sync"] == "in_sync")
    told.append(f"subscription made at one, in sync at the other after {took:.2f} s")

    with feed_pages(consoles) as pages:
        # Both feeds show everything, once and in order.
        events = publish(rabbit, 300)
        for page in pages:
            page.read_until(events)
            assert len(page.seen) == len(set(page.seen)) == 300
        told.append(f"300 events on both feeds, {[page.dropped for page in pages]} dropped")

        # Drift is seen at the second console; then who leads is killed.
        wait_until(lambda: second.get("/api/v1/status/").json()["broker"]["hints"] == "on")
        rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
        took = seconds_until(lambda: second.get(where).json()["sync"] == "missing")
        told.append(f"queue deleted behind our back, seen after {took:.2f} s")
        assert took < 2
        (leader,) = [one for one in workers if re.search(LEADS, one.output)]
        (successor,) = [one for one in workers if one is not leader]
        leader.kill()
        killed = time.monotonic()

        # What is asked for while nobody leads is done by the one who takes over.
        plan = second.get("/api/v1/plan/").json()["id"]
        run = first.post("/api/v1/runs/", {"plan": plan})
        assert run.status_code == 201, run.text
        mine = f"/api/v1/runs/{run.json()['id']}/"
        successor.wait_for_line(LEADS, timeout=LEASE_SECONDS + 20)
        took = time.monotonic() - killed
        told.append(f"leader killed; the other led {took:.1f} s later")
        assert took < LEASE_SECONDS + 2 * STANDBY_SECONDS + 2
        wait_until(lambda: second.get(mine).json()["state"] == "done", timeout=20)
        assert QUEUE in {one["name"] for one in rabbit.api("GET", "queues/{vhost}")}
        told.append(f"the waiting run was done {time.monotonic() - killed:.1f} s after")

        # The same pages go on; they missed only what was published while nobody tapped.
        wait_until(lambda: _is_tapped(rabbit), timeout=20)
        more = publish(rabbit, 50)
        for page in pages:
            page.read_until(more)
            assert len(page.seen) == len(set(page.seen)) == 350
            assert page.sequence == list(range(1, len(page.sequence) + 1))
            assert page.dropped == 0
        told.append(f"feeds went on {time.monotonic() - killed:.1f} s after, without a gap")

    # Nothing was written twice.
    verbs = ask(
        postgres,
        "SELECT verb, count(*) FROM audit_auditentry "
        "WHERE object_kind = 'subscription' AND object_name = 'exportRequested/statistics' "
        "GROUP BY verb",
    )
    assert [number for _, number in verbs] == [1], verbs
    runs = ask(postgres, "SELECT state, requested_by_id IS NULL, steps FROM reconcile_run")
    asked = [one for one in runs if not one[1]]
    assert [one[0] for one in asked] == ["done"]
    making = [one for one in runs if QUEUE in {step["name"] for step in one[2]}]
    assert len(making) == 2, "made once, restored once"
    told.append(f"{len(runs)} runs, of these {len(making)} for the queue; {verbs[0][1]} entry")

    # Both tell the same; logs name the request and the run.
    bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    wait_until(
        lambda: (
            the_same_for_all(first.get("/metrics", **bearer).text)
            == the_same_for_all(second.get("/metrics", **bearer).text)
        ),
        timeout=20,
    )
    lines = [json.loads(line) for line in first.process.output.splitlines() if line[:1] == "{"]
    (line,) = [one for one in lines if one.get("request_id") == REQUEST]
    assert (line["event"], line["status"], line["actor"]) == ("request", 201, "admin")
    lines = [json.loads(line) for line in successor.output.splitlines() if line[:1] == "{"]
    ended = [one for one in lines if one.get("run_id") == run.json()["id"]]
    assert {"run begun", "applied", "run ended"} <= {one["event"] for one in ended}

    # A database that hangs is told in bounded time, by a console that lives.
    told.append(_probes_while_it_hangs(postgres_server, second))
    print("\n".join(told), f"\n{time.monotonic() - began:.0f} s in all")


def _is_tapped(rabbit: Vhost) -> bool:
    bindings = rabbit.api("GET", "exchanges/{vhost}/event__exportRequested/bindings/source")
    return any(one["destination"].startswith("tap__") for one in bindings)


def _probes_while_it_hangs(server: PostgresServer, console: Console) -> str:
    url = f"http://{console.address}"
    os.kill(server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = requests.get(f"{url}/readyz", timeout=20)
        took = time.monotonic() - began
        assert (answer.status_code, answer.json()["database"]["ok"]) == (503, False)
        assert took < 6
        assert requests.get(f"{url}/healthz", timeout=5).text == "ok"
    finally:
        os.kill(server.pid, signal.SIGCONT)
    wait_until(lambda: requests.get(f"{url}/readyz", timeout=20).status_code == 200, timeout=30)
    return f"database stopped: /readyz said 503 after {took:.1f} s"
