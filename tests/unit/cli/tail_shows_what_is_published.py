"""`bus-core tail`: what is shown, what is filtered out, what finds no room; all of it counted."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest

from bus_core import Event, EventBus, connect
from bus_core.cli import main
from bus_core.cli import tail as tail_command
from bus_core.connecting import open_link
from bus_core.message import Delivery, Message
from tests.harness.poll import wait_until

Run = Callable[..., "Tail"]


class Tail:
    """The command on a thread; it ends by itself, after as many events as it was told."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.code: int | None = None
        self._capsys = capsys
        self._out = self._err = ""
        command = ["tail", "exportRequested", "exportSuccessful", "--url", url, *arguments]
        self._thread = threading.Thread(target=self._run, args=(command,), daemon=True)
        self._thread.start()
        wait_until(lambda: "Watching" in self.said()[1])

    def _run(self, command: list[str]) -> None:
        self.code = main(command)

    def said(self) -> tuple[str, str]:
        out, err = self._capsys.readouterr()
        self._out, self._err = self._out + out, self._err + err
        return self._out, self._err

    def ended(self) -> tuple[str, str]:
        self._thread.join(10)
        assert self.code == 0
        return self.said()


@pytest.fixture
def url() -> str:
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def bus(url: str) -> Iterator[EventBus]:
    with connect(url, service="submission") as bus:
        yield bus


@pytest.fixture
def tail(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda *arguments: Tail(url, capsys, *arguments)


def test_an_event_on_a_line_and_the_meter_at_the_end(bus: EventBus, tail: Run) -> None:
    running = tail("--count", "2")
    bus.publish(Event("exportRequested", {"journal": "elife"}))
    bus.publish(Event("exportSuccessful", {"journal": "žluť"}))
    out, err = running.ended()
    first, second = out.splitlines()
    assert first.endswith('exportRequested  from submission  {"journal": "elife"}')
    assert second.endswith('exportSuccessful  from submission  {"journal": "žluť"}')
    assert "2 shown, 0 filtered out, 0 dropped" in err
    assert "\x1b" not in out


def test_nobodys_event_is_consumed(url: str, bus: EventBus, tail: Run) -> None:
    handled: list[Event] = []
    bus.subscribe("exportRequested")(handled.append)
    bus.start(wait=10)
    running = tail("--count", "3")
    events = [Event("exportRequested", number) for number in range(3)]
    bus.publish_many(events)
    running.ended()
    wait_until(lambda: handled == events)


def test_as_json(bus: EventBus, tail: Run) -> None:
    running = tail("--count", "1", "--json")
    event = Event("exportRequested", {"text": "\x1b[2J"})
    bus.publish(event)
    out, _ = running.ended()
    assert "\x1b" not in out
    document = json.loads(out)
    assert (document["id"], document["source"]) == (event.id, "submission")
    assert document["payload"] == {"text": "\x1b[2J"}


def test_payloads_in_full(bus: EventBus, tail: Run) -> None:
    running = tail("--count", "1", "--full")
    bus.publish(Event("exportRequested", {"journal": "elife", "long": "x" * 5_000}))
    out, _ = running.ended()
    assert '\n  "journal": "elife",\n' in out
    assert "x" * 5_000 in out


def test_a_long_payload_is_cut_on_its_line(bus: EventBus, tail: Run) -> None:
    running = tail("--count", "1")
    bus.publish(Event("exportRequested", {"long": "x" * 5_000}))
    out, _ = running.ended()
    assert len(out) < 2_500
    assert "… (--full shows all)" in out


@pytest.mark.parametrize(
    "filters",
    [
        ("--from", "submission"),
        ("--text", "ELIFE"),
        ("--where", "payload.journal=elife"),
        ("--where", "payload.files.0.size=3", "--where", "payload.open=true"),
        ("--where", "source=submission", "--where", "type=exportRequested"),
    ],
)
def test_only_what_passes_every_filter(
    url: str, bus: EventBus, tail: Run, filters: tuple[str, ...]
) -> None:
    running = tail("--count", "1", *filters)
    with connect(url, service="somebody") as other:
        other.publish(
            Event("exportSuccessful", {"journal": "plants", "files": [{"size": 33}], "open": 1})
        )
    bus.publish(
        Event("exportRequested", {"journal": "elife", "files": [{"size": 3}], "open": True})
    )
    out, err = running.ended()
    assert "elife" in out
    assert "plants" not in out
    assert "1 shown, 1 filtered out, 0 dropped" in err


def test_what_is_no_event_is_shown_as_what_it_is(url: str, bus: EventBus, tail: Run) -> None:
    running = tail("--count", "1")
    link = open_link(url, client_name="test")
    link.publish("event__exportRequested", "", Message(body=b"\x1bhello")).result(10)
    out, _ = running.ended()
    assert out == "? event__exportRequested: the body is not JSON: " + out.split("JSON: ")[1]
    assert "\x1b" not in out


def test_what_finds_no_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_command, "BUFFER_EVENTS", 2)
    monkeypatch.setattr(tail_command, "BUFFER_BYTES", 10)
    buffer = tail_command.Buffer()
    for body in (b"12345678", b"123", b"1", b"1"):
        buffer.put(Delivery(message=Message(body=body), queue="q", exchange="e", routing_key=""))
    assert buffer.dropped == 2
    kept = [buffer.take(), buffer.take()]
    assert [one.message.body for one in kept if one] == [b"12345678", b"1"]


def test_its_queue_goes_with_it(url: str, bus: EventBus, tail: Run) -> None:
    running = tail("--count", "1")
    bus.publish(Event("exportRequested"))
    running.ended()
    link = open_link(url, client_name="test")
    names = [one.queue.name for one in link.broker.snapshot().queues]  # type: ignore[attr-defined]
    assert not [name for name in names if name.startswith("tail__")]
