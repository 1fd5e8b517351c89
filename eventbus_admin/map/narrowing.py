"""Less of the graph: around one node, a team's, what a text names, problems only, so many. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from eventbus_admin.map.graph import STATES, Edge, Graph, Node, Standing

LIMIT = 400
"""So many nodes are drawn unless somebody asks for another number."""
EDGES_A_NODE = 5
"""So many edges are drawn at most, for each node that may be."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to see; an empty field lets everything through."""

    focus: str = ""
    """Id of a node: it and what it is connected with."""
    owner: str = ""
    """Name of a team: its services and event types, and what these are connected with."""
    text: str = ""
    """Each word of it occurs in a name."""
    problems: bool = False
    limit: int = LIMIT

    @property
    def narrows(self) -> bool:
        """Whether anything is left out on purpose."""
        return bool(self.focus or self.owner or self.text or self.problems)


def narrowed(graph: Graph, wanted: Wanted) -> Graph:
    """Return what is wanted of the graph; beyond the limit problems and the busiest stay."""
    if wanted.focus:
        graph = _around(graph, lambda node: node.id == wanted.focus)
    if wanted.owner:
        graph = _around(graph, lambda node: node.owner == wanted.owner)
    if words := wanted.text.casefold().split():
        graph = _around(graph, lambda node: all(word in node.name.casefold() for word in words))
    if wanted.problems:
        graph = _problems(graph)
    return _limited(graph, wanted.limit)


def _around(graph: Graph, meant: Callable[[Node], bool]) -> Graph:
    kept = {node.id for node in graph.nodes if meant(node)}
    edges = [edge for edge in graph.edges if edge.source in kept or edge.target in kept]
    return _of(graph, edges, kept)


def _problems(graph: Graph) -> Graph:
    edges = [edge for edge in graph.edges if edge.is_problem]
    return _of(graph, edges, {node.id for node in graph.nodes if node.is_problem})


def _of(graph: Graph, edges: Collection[Edge], ids: Collection[str]) -> Graph:
    """Return these edges with their ends, and these nodes besides."""
    kept = {*ids, *(end for edge in edges for end in (edge.source, edge.target))}
    nodes = tuple(node for node in graph.nodes if node.id in kept)
    return replace(graph, nodes=nodes, edges=tuple(edges))


def _limited(graph: Graph, limit: int) -> Graph:
    edges, nodes = list(graph.edges), len(graph.nodes)
    if nodes > limit:
        kept = _most_urgent(graph, limit)
        edges = [edge for edge in edges if edge.source in kept and edge.target in kept]
        graph = replace(_of(graph, edges, kept), left_out=nodes - len(kept))
    if (more := len(edges) - limit * EDGES_A_NODE) > 0:
        edges = sorted(edges, key=urgency, reverse=True)[:-more]
        graph = replace(graph, edges=tuple(edges), edges_left_out=more)
    return graph


def _most_urgent(graph: Graph, limit: int) -> set[str]:
    kept: set[str] = set()
    for edge in sorted(graph.edges, key=urgency, reverse=True):
        ends = {edge.source, edge.target}
        if len(kept | ends) <= limit:
            kept |= ends
    for node in sorted(graph.nodes, key=urgency, reverse=True):
        if len(kept) >= limit:
            break
        kept.add(node.id)
    return kept


def urgency(one: Node | Edge) -> tuple[bool, int, bool, int, float, int]:
    """Return by what the most important comes last: problems, then where most happens."""
    return (
        one.is_problem,
        STATES.index(one.state),
        one.standing is Standing.STRANGER,
        one.dead,
        one.rate,
        one.waiting,
    )
