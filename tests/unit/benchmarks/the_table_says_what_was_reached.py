"""The table of a run: medians, ratios within the rounds, and whether a bound was kept."""

import pytest

from benchmarks.parts import OURS, Figure, Part, Setting, Target
from benchmarks.table import HEAD, markdown, plain, rows

PEER = "peer"
RATE = Figure(
    "rate", "publish", "events/s", more_is_better=True, targets={PEER: Target(2.0, aim=True)}
)
DELAY = Figure("p50", "latency", "ms", targets={PEER: Target(1.5), OURS: Target(3.0)})


def table_of(figure: Figure, ours: list[float], theirs: list[float]) -> list[dict[str, str]]:
    part = Part("part", Setting.TAKES, {OURS: "", PEER: ""}, (figure,))
    results = {
        OURS: [{figure.key: value, "cpu": 20.0} for value in ours],
        PEER: [{figure.key: value} for value in theirs],
    }
    return [dict(zip(HEAD, line, strict=True)) for line in rows([(part, results)])]


def test_it_shows_the_median_and_how_far_the_rounds_were_apart() -> None:
    ours, _ = table_of(RATE, [1000.0, 5000.0, 2000.0], [1.0, 1.0, 1.0])

    assert ours["contestant"] == OURS
    assert ours["median"] == "2,000 events/s"
    assert ours["lowest – highest"] == "1,000 – 5,000"
    assert ours["CPU µs"] == "20.0"


def test_a_round_in_which_the_machine_was_slow_does_not_change_the_ratio() -> None:
    _, peer = table_of(RATE, [3000.0, 30.0, 3000.0], [1000.0, 10.0, 1000.0])

    assert peer["ours ÷ it"] == "3.00"


@pytest.mark.parametrize(
    ("figure", "ours", "theirs", "said"),
    [
        (RATE, 200.0, 100.0, "aim ≥ 2.00 ✓"),
        (RATE, 199.0, 100.0, "aim ≥ 2.00 ✗"),
        (DELAY, 1.5, 1.0, "≤ 1.50 ✓"),
        (DELAY, 1.6, 1.0, "≤ 1.50 ✗"),
    ],
)
def test_a_bound_is_kept_or_not(figure: Figure, ours: float, theirs: float, said: str) -> None:
    _, peer = table_of(figure, [ours], [theirs])

    assert peer["to reach"] == said


def test_a_bound_on_the_figure_itself_has_its_unit() -> None:
    ours, _ = table_of(DELAY, [2.0, 4.0, 4.0], [1.0, 1.0, 1.0])

    assert ours["to reach"] == "≤ 3.00 ms ✗"


def test_a_peer_alone_has_no_ratio() -> None:
    part = Part("part", Setting.TAKES, {PEER: ""}, (RATE,))

    (line,) = rows([(part, {PEER: [{"rate": 10.0}]})])

    assert line == ("publish", PEER, "10.00 events/s", "10.00 – 10.00", "", "", "")


def test_both_ways_of_writing_it_hold_every_cell() -> None:
    part = Part("part", Setting.TAKES, {OURS: "", PEER: ""}, (RATE,))
    lines = rows([(part, {OURS: [{"rate": 300.0}], PEER: [{"rate": 100.0}]})])

    for text in (plain(lines), markdown(lines)):
        for cell in {*HEAD, *lines[0], *lines[1]}:
            assert cell in text
