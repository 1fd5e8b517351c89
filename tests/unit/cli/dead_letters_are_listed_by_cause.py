"""`bus-core dead list`: causes first, each dead letter on request, and all of them stay."""

import json

import pytest

from bus_core import Event
from bus_core.cli import main
from bus_core.message import Message
from tests.harness.giving_up import LOST, QUEUE, SERVICE, Scene


@pytest.fixture
def given_up(scene: Scene) -> list[Event]:
    """Three of one cause, one of another, a stray, and one that is no event."""
    events = scene.give_up(1, 2, 3, error="Traceback…\nKeyError: 'articleId'")
    events += scene.give_up({"journal": "elife"}, error="closed")
    stray = Event("oldEvent", "late")
    scene.lose(stray)
    scene.bury(Message(body=b"\xff\x1b[2Jno event", message_id="junk"))
    return [*events, stray]


def run(scene: Scene, *arguments: str) -> int:
    return main(["dead", "list", "--service", SERVICE, "--url", scene.url, *arguments])


def test_the_most_frequent_cause_comes_first(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scene) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == f"6 dead letters of {SERVICE}"
    assert lines[1].strip() == "3 × exportRequested  rejected: KeyError: 'articleId'"
    assert "first 20" in lines[2]
    assert "1 × exportRequested  rejected: closed" in out
    assert f"1 × oldEvent  stray: there was no queue '{LOST}' when it came" in out
    assert "1 × (unknown type)  unknown: the body is not JSON" in out
    assert "Holding what waits in dead__meca-exporter" in err
    assert scene.waiting() == 6


def test_causes_as_json(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scene, "--json") == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["reason"], one["count"]) for one in documents] == [
        ("rejected", 3),
        ("rejected", 1),
        ("stray", 1),
        ("unknown", 1),
    ]
    assert documents[0]["error"] == "KeyError: 'articleId'"
    assert documents[0]["first"] <= documents[0]["last"]


def test_each_one_with_all_that_is_known(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scene, "--id", given_up[3].id) == 0
    out = capsys.readouterr().out
    assert f"1 of the 6 dead letters of {SERVICE}" in out
    assert given_up[3].id in out
    assert "rejected after 1 attempt" in out
    assert f"from {QUEUE}" in out
    assert "closed" in out
    assert 'payload {"journal": "elife"}' in out
    assert given_up[0].id not in out


def test_each_one_as_json(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scene, "--all", "--json") == 0
    documents = {one["id"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(documents) == {*(event.id for event in given_up), "junk"}
    first = documents[given_up[0].id]
    assert (first["queue"], first["attempts"], first["payload"]) == (QUEUE, 1, 1)
    assert first["error"] == "Traceback…\nKeyError: 'articleId'"
    assert "payload" not in documents["junk"]


def test_what_events_hold_cannot_steer_the_terminal(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    scene.give_up("\x1b[2J", error="\x1b]0;title\x07")
    assert run(scene, "--all") == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (("--type", "oldEvent"), 1),
        (("--reason", "rejected"), 4),
        (("--error", "articleId"), 3),
        (("--since", "1h"), 4),
        (("--since", "2999-01-01"), 0),
        (("--reason", "rejected", "--error", "closed"), 1),
    ],
)
def test_filters_narrow_it_down(
    scene: Scene,
    given_up: list[Event],
    capsys: pytest.CaptureFixture[str],
    filters: tuple[str, ...],
    expected: int,
) -> None:
    assert run(scene, "--json", "--all", *filters) == 0
    assert len(capsys.readouterr().out.splitlines()) == expected


def test_it_says_when_there_is_more(
    scene: Scene, given_up: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scene, "--limit", "2") == 0
    out, err = capsys.readouterr()
    assert f"2 dead letters of {SERVICE}" in out
    assert "There are more than the 2 that were read" in err
    assert scene.waiting() == 6


def test_none_is_a_list_as_well(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(scene) == 0
    assert capsys.readouterr().out == f"0 dead letters of {SERVICE}\n"
