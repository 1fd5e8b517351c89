"""`bus-core publish`: one event whose id is printed, or one for each line of a file."""

import io
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_core import Event, connect
from bus_core.cli import main
from bus_core.cli import publish as publish_command
from tests.harness.poll import wait_until


@pytest.fixture
def url() -> str:
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def handled(url: str) -> Iterator[list[Event]]:
    """What a service that was there beforehand has got."""
    events: list[Event] = []
    with connect(url, service="export-manager") as bus:
        bus.subscribe("exportRequested")(events.append)
        bus.start(wait=10)
        yield events


def test_its_id_is_printed(
    url: str, handled: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    payload = {"journal": "elife"}
    assert main(["publish", "exportRequested", json.dumps(payload), "--url", url]) == 0
    wait_until(lambda: handled)
    assert capsys.readouterr().out == handled[0].id + "\n"
    assert handled[0].payload == payload


def test_from_standard_input(
    url: str, handled: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("[1, 2]\n"))
    assert main(["publish", "exportRequested", "-", "--url", url]) == 0
    wait_until(lambda: [event.payload for event in handled] == [[1, 2]])


def test_an_event_a_line(
    url: str, handled: list[Event], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_text('{"n": 0}\n\n{"n": 1}\n"ž"\n', encoding="utf-8")
    assert main(["publish", "exportRequested", "--lines", str(file), "--url", url]) == 0
    assert capsys.readouterr().out == "published 3 events\n"
    wait_until(lambda: [event.payload for event in handled] == [{"n": 0}, {"n": 1}, "ž"])


def test_a_line_that_is_no_json_is_named(
    url: str,
    handled: list[Event],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(publish_command, "LINES_AT_ONCE", 2)
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n2\n3\noops\n"))
    assert main(["publish", "exportRequested", "--lines", "-", "--url", url]) == 1
    err = capsys.readouterr().err
    assert "line 4 is not JSON" in err
    assert "2 events before that went out" in err
    wait_until(lambda: [event.payload for event in handled] == [1, 2])
