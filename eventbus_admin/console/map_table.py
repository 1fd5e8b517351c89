"""The map as a table: the same lines, what needs somebody first."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from eventbus_admin.console.links import page_of
from eventbus_admin.console.map_words import TONES, per_minute, sentence, way
from eventbus_admin.map.graph import Edge, Graph, Kind, Node
from eventbus_admin.map.narrowing import urgency

SHOWN = 200


@dataclass(frozen=True)
class Row:
    """One line of the table; of something that is connected with nothing its name alone."""

    first: str
    second: str
    url: str
    tone: str
    standing: str
    sentence: str
    rate: str
    waiting: int
    dead: int


def rows_of(graph: Graph) -> list[Row]:
    """Return the rows that are shown."""
    connected = {end for edge in graph.edges for end in (edge.source, edge.target)}
    alone = [node for node in graph.nodes if node.id not in connected]
    ones: list[Node | Edge] = [*graph.edges, *alone]
    ones.sort(key=urgency, reverse=True)
    return [_row(graph, one) for one in ones[:SHOWN]]


def url_of_edge(graph: Graph, edge: Edge) -> str | None:
    """Return the page of a subscription that is registered."""
    event_type, service = graph.by_id[edge.source], graph.by_id[edge.target]
    if edge.publishes or edge.consumers is None:
        return None
    return page_of("subscription", f"{event_type.name}/{service.name}")


def url_of_node(node: Node) -> str | None:
    """Return the page of what is registered."""
    if not node.registered:
        return None
    return page_of("event_type" if node.kind is Kind.TYPE else "service", node.name)


def _row(graph: Graph, one: Node | Edge) -> Row:
    if isinstance(one, Edge):
        first, _, second = way(graph, one).partition(" → ")
        url, node = url_of_edge(graph, one), one.target if one.publishes else one.source
    else:
        first, second, url, node = one.name, "", url_of_node(one), one.id
    return Row(
        first=first,
        second=second,
        url=url or focus_url(node),
        tone=TONES[one.state],
        standing=one.standing.value,
        sentence=sentence(one),
        rate=per_minute(one.rate),
        waiting=one.waiting,
        dead=one.dead,
    )


def focus_url(node: str) -> str:
    """Return where a node is shown with what is around it."""
    return f"{reverse('console:map')}?{urlencode({'focus': node})}"
