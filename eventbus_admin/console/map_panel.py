"""What is said beside the map about the one thing that it is drawn around."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from eventbus_admin.console.map_table import focus_url, url_of_edge, url_of_node
from eventbus_admin.console.map_words import (
    STANDINGS,
    TONES,
    WORDS,
    beside_edge,
    per_minute,
    sentence,
)
from eventbus_admin.map.graph import Edge, Graph, Kind, Node, Standing

LINES = 30


@dataclass(frozen=True)
class Neighbour:
    """Something that it is connected with."""

    name: str
    focus: str
    """Where the map is drawn around that."""
    url: str | None
    """The page of the subscription between them, if there is one."""
    tone: str
    sentence: str
    numbers: str
    last: datetime | None


@dataclass(frozen=True)
class Neighbours:
    """Those on one side."""

    title: str
    shown: list[Neighbour]
    more: int


@dataclass(frozen=True)
class Panel:
    """One thing: facts, ways to its pages, what it is connected with."""

    node: Node
    tone: str
    word: str
    standing: str
    rate: str
    sides: list[Neighbours]
    page: str | None
    feed: str
    dead_letters: str | None
    drift: str | None


def panel_of(graph: Graph, node: Node) -> Panel:
    """Return what is said about a node of this graph."""
    is_type = node.kind is Kind.TYPE
    named = {"type" if is_type else "service": node.name}
    ours = node.kind is not Kind.OUTSIDE
    stranger = node.standing is Standing.STRANGER
    return Panel(
        node=node,
        tone=TONES[node.state],
        word=WORDS[node.state],
        standing=STANDINGS[node.standing],
        rate=per_minute(node.rate),
        sides=[
            side
            for side in (
                _side(graph, node, "Published by" if is_type else "Listens to", inward=True),
                _side(graph, node, "Goes to" if is_type else "Publishes", inward=False),
            )
            if side.shown
        ],
        page=url_of_node(node),
        feed=_with(reverse("console:feed"), named) if ours else "",
        dead_letters=_with(reverse("console:dead-letters"), named)
        if node.dead and settings.EVENTBUS_INGEST_DEAD_LETTERS
        else None,
        drift=_with(reverse("console:drift"), {"sync": "unmanaged"}) if stranger else None,
    )


def _side(graph: Graph, node: Node, title: str, *, inward: bool) -> Neighbours:
    edges = [edge for edge in graph.edges if node.id == (edge.target if inward else edge.source)]
    found = [_neighbour(graph, edge, edge.source if inward else edge.target) for edge in edges]
    found.sort(key=lambda one: one.name)
    return Neighbours(title, found[:LINES], max(len(found) - LINES, 0))


def _neighbour(graph: Graph, edge: Edge, other: str) -> Neighbour:
    numbers = (per_minute(edge.rate), beside_edge(edge))
    return Neighbour(
        name=graph.by_id[other].name,
        focus=focus_url(other),
        url=url_of_edge(graph, edge),
        tone=TONES[edge.state],
        sentence=sentence(edge),
        numbers=" · ".join(filter(None, numbers)),
        last=edge.last,
    )


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}"
