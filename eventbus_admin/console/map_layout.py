"""Where everything on the map is: three columns, services, event types, services. Pure."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventbus_admin.console.map_order import Link, ordered
from eventbus_admin.map.graph import Edge, Graph, Kind, Node

SHORT, LONG = 38, 120
"""So many characters of a name are shown: on a map of many, and around one node."""

_CELL = 7.3
"""Width of a character of the map's face."""
_BEFORE_NAME, _AFTER_NAME = 26, 68
_LEAST_COLUMN = 150
_LINE, _ROW = 4, 13
"""Room between two lines at a node: bare, and with a number beside them."""
_LEAST_HEIGHT = 30
_PADDING = 9
_GAP = 9
_MARGIN = 8
_LEAST_SPACE = 74
_THIN, _THICK = 1.5, 9.0


@dataclass(frozen=True)
class Box:
    """A node where it is drawn; a service that publishes and listens has two."""

    node: Node
    number: int
    """Of the node, by which lines name it."""
    key: str
    column: int
    x: float
    y: float
    width: float
    height: float
    label: str

    @property
    def middle(self) -> float:
        """Its middle, from the top."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Line:
    """An edge where it is drawn."""

    edge: Edge
    source: int
    target: int
    """Numbers of the nodes at its ends."""
    path: str
    width: float
    x: float
    y: float
    """Where it ends."""


@dataclass(frozen=True)
class Drawing:
    """The whole picture; numbers are pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    columns: tuple[float, ...]
    """Where each column begins."""


def draw(graph: Graph, *, width: int = 1100, characters: int = SHORT) -> Drawing:
    """Return the picture of a graph, at least `width` pixels wide.

    Each column is as wide as its longest name, of which at most so many characters are shown.
    """
    columns, links = _columns(graph)
    order = ordered(columns, links)
    ports = _ports(order, links)
    heights = {key: _height(key, ports) for column in order for key in column}
    tallest = max((_tall(column, heights) for column in order), default=0)
    lefts, widths, total = _across(graph, order, width, characters)
    numbers = {node.id: number for number, node in enumerate(graph.nodes)}
    boxes = {}
    for column, keys in enumerate(order):
        y = _stacked(keys, heights, tallest)
        for key in keys:
            node = graph.by_id[key[2:]]
            boxes[key] = Box(
                node=node,
                number=numbers[node.id],
                key=key,
                column=column,
                x=round(lefts[column], 1),
                y=y[key],
                width=round(widths[column], 1),
                height=heights[key],
                label=shortened(node.name, characters),
            )
    lines = tuple(_line(edge, boxes, ports) for edge in graph.edges)
    return Drawing(
        width=total,
        height=math.ceil(tallest) + 2 * _MARGIN,
        boxes=tuple(boxes.values()),
        lines=lines,
        columns=tuple(lefts),
    )


def shortened(name: str, characters: int) -> str:
    """Return a name without its middle when it is too long: how it begins and ends tells most."""
    if cells(name) <= characters:
        return name
    tail = ""
    for character in reversed(name):
        if cells(character + tail) > (characters - 1) // 2:
            break
        tail = character + tail
    head, room = "", characters - 1 - cells(tail)
    for character in name:
        if cells(head + character) > room:
            break
        head += character
    return f"{head}…{tail}"


def cells(text: str) -> int:
    """Return how many characters wide a text is drawn; some take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def thickness(rate: float) -> float:
    """Return how wide a line is for so many events a minute; ten times as many add a step."""
    wide = _THIN + 1.7 * math.log10(1 + max(rate, 0.0))
    return min(round(wide * 2) / 2, _THICK)


# -- columns ---------------------------------------------------------------------------------------


def _columns(graph: Graph) -> tuple[list[list[str]], list[list[Link]]]:
    """Return which nodes stand in which column, and the links between these.

    What neither publishes nor listens stands at the left, among those that could publish.
    """
    publish = [edge for edge in graph.edges if edge.publishes]
    listen = [edge for edge in graph.edges if not edge.publishes]
    left, right = {edge.source for edge in publish}, {edge.target for edge in listen}
    lonely = {
        node.id
        for node in graph.nodes
        if node.kind is not Kind.TYPE and node.id not in left | right
    }
    types = [node.id for node in graph.nodes if node.kind is Kind.TYPE]
    columns = [
        [f"0 {one}" for one in (*left, *lonely)],
        [f"1 {one}" for one in types],
        [f"2 {one}" for one in right],
    ]
    return columns, [
        [(f"0 {edge.source}", f"1 {edge.target}") for edge in publish],
        [(f"1 {edge.source}", f"2 {edge.target}") for edge in listen],
    ]


def _across(
    graph: Graph, order: Sequence[Sequence[str]], width: int, characters: int
) -> tuple[list[float], list[float], int]:
    """Return where columns begin, how wide they are, and how wide all of it is."""
    widths = [_column_width(graph, column, characters) for column in order]
    space = max((width - 2 * _MARGIN - sum(widths)) / 2, _LEAST_SPACE)
    lefts = [_MARGIN + sum(widths[:index]) + space * index for index in range(len(widths))]
    return lefts, widths, math.ceil(lefts[-1] + widths[-1]) + _MARGIN


def _column_width(graph: Graph, column: Iterable[str], characters: int) -> float:
    longest = max((cells(graph.by_id[key[2:]].name) for key in column), default=0)
    shown = min(longest, characters)
    return max(_LEAST_COLUMN, _BEFORE_NAME + shown * _CELL + _AFTER_NAME)


def _tall(column: Sequence[str], heights: Mapping[str, float]) -> float:
    return sum(heights[key] for key in column) + _GAP * len(column)


def _stacked(
    keys: Sequence[str], heights: Mapping[str, float], tallest: float
) -> Mapping[str, float]:
    """Spread a column over the height of the tallest, so that ends of lines lie near each other."""
    between = _GAP + (tallest - _tall(keys, heights)) / max(len(keys), 1)
    tops, y = {}, _MARGIN + between / 2
    for key in keys:
        tops[key] = round(y, 1)
        y += heights[key] + between
    return tops


# -- lines -----------------------------------------------------------------------------------------


Ports = Mapping[tuple[str, str], Sequence[str]]
"""By a node and the side that lines leave or reach it: the other ends, from top to bottom."""


def _ports(order: Sequence[Sequence[str]], links: Sequence[Sequence[Link]]) -> Ports:
    place = {key: index for column in order for index, key in enumerate(column)}
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one, other in (link for between in links for link in between):
        found[one, "out"].append(other)
        found[other, "in"].append(one)
    return {side: sorted(ends, key=lambda end: place[end]) for side, ends in found.items()}


def _height(key: str, ports: Ports) -> float:
    taken = max(len(ports.get((key, side), ())) * _step(key, side) for side in ("in", "out"))
    return max(_LEAST_HEIGHT, taken + _PADDING)


def _step(key: str, side: str) -> int:
    # Numbers stand where a subscription arrives.
    return _ROW if key.startswith("2") and side == "in" else _LINE


def _port(box: Box, side: str, other: str, ports: Ports) -> float:
    ends, step = ports[box.key, side], _step(box.key, side)
    return round(box.middle + (ends.index(other) - (len(ends) - 1) / 2) * step, 1)


def _line(edge: Edge, boxes: Mapping[str, Box], ports: Ports) -> Line:
    first = 0 if edge.publishes else 1
    one, other = boxes[f"{first} {edge.source}"], boxes[f"{first + 1} {edge.target}"]
    start = one.x + one.width
    y = _port(one, "out", other.key, ports)
    end_y = _port(other, "in", one.key, ports)
    bend = round((start + other.x) / 2, 1)
    return Line(
        edge=edge,
        source=one.number,
        target=other.number,
        path=f"M{start:g} {y:g}C{bend:g} {y:g} {bend:g} {end_y:g} {other.x - 5:g} {end_y:g}",
        width=thickness(edge.rate),
        x=other.x,
        y=end_y,
    )
