"""Where things are on the map: each once, none over another, lines from and to what is there."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from eventbus_admin.console.map_layout import Box, Drawing, cells, draw, shortened, thickness
from eventbus_admin.console.map_order import crossings, ordered
from eventbus_admin.map.graph import Graph, Kind
from tests.unit.map.graphs import graphs, large

PATH = re.compile(r"M([\d.]+) ([\d.]+)C.* ([\d.]+) ([\d.]+)")


def require_order(graph: Graph, drawing: Drawing) -> None:
    """Fail when something is missing, twice there, over something else, or joined to nothing."""
    assert {box.node.id for box in drawing.boxes} == set(graph.by_id)
    assert len({(box.column, box.node.id) for box in drawing.boxes}) == len(drawing.boxes)
    for column in range(3):
        boxes = sorted(
            (box for box in drawing.boxes if box.column == column), key=lambda box: box.y
        )
        assert all((box.node.kind is Kind.TYPE) == (column == 1) for box in boxes)
        for above, below in pairwise(boxes):
            assert above.y + above.height < below.y
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawing.width
        assert box.y >= 0
        assert box.y + box.height <= drawing.height
    assert len(drawing.lines) == len(graph.edges)
    by_place = {(box.column, box.number): box for box in drawing.boxes}
    for line in drawing.lines:
        begin = 0 if line.edge.publishes else 1
        require_joined(line.path, by_place[begin, line.source], by_place[begin + 1, line.target])


def require_joined(path: str, one: Box, other: Box) -> None:
    """Fail unless a path leads from one box to the other."""
    match = PATH.fullmatch(path)
    assert match
    x, y, end_x, end_y = map(float, match.groups())
    assert abs(x - one.x - one.width) < 1
    assert one.y <= y <= one.y + one.height
    assert other.x - 6 < end_x < other.x
    assert other.y <= end_y <= other.y + other.height


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from([38, 120]))
def test_each_thing_is_placed_once_and_over_nothing(graph: Graph, characters: int) -> None:
    require_order(graph, draw(graph, characters=characters))


def test_three_hundred_names_with_a_thousand_lines() -> None:
    graph = large(200, 100, 1000)
    assert len(graph.edges) == 1000
    require_order(graph, draw(graph))


def test_nothing_is_drawn_of_nothing() -> None:
    drawing = draw(Graph())
    assert (drawing.boxes, drawing.lines) == ((), ())


def test_lines_that_need_not_cross_do_not() -> None:
    columns = [["a", "b", "c"], ["x", "y", "z"]]
    links = [[("a", "z"), ("b", "y"), ("c", "x")]]
    assert crossings([sorted(column) for column in columns], links) == 3
    assert crossings(ordered(columns, links), links) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_the_order_is_never_worse_than_by_name(pairs: list[tuple[int, int]]) -> None:
    columns = [[f"l{number}" for number in range(10)], [f"r{number}" for number in range(10)]]
    links = [[(f"l{left}", f"r{right}") for left, right in pairs]]
    found = ordered(columns, links)
    assert [sorted(column) for column in found] == columns
    assert crossings(found, links) <= crossings(columns, links)


@given(st.text(min_size=1, max_size=200), st.integers(5, 120))
def test_a_long_name_loses_its_middle(name: str, most: int) -> None:
    short = shortened(name, most)
    assert cells(short) <= max(most, cells(name) if short == name else 0)
    if short != name:
        cuts = [place for place, character in enumerate(short) if character == "…"]
        kept = [(short[:place], short[place + 1 :]) for place in cuts]
        assert any(name.startswith(head) and name.endswith(tail) for head, tail in kept)


def test_more_events_make_a_wider_line_within_bounds() -> None:
    widths = [thickness(rate) for rate in (0, 1, 100, 10_000, 1e9)]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (1.5, 9.0)
