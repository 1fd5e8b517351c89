"""Less of the graph: around one node, a team's, what a text names, problems only, so many. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from eventbus_admin.map.graph import STATES, Edge, Graph, Node, Standing

LIMIT = 400
"""So many nodes are drawn unless somebody asks for another number."""


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
    if len(graph.nodes) <= limit:
        return graph
    kept: set[str] = set()
    for edge in sorted(graph.edges, key=urgency, reverse=True):
        ends = {edge.source, edge.target}
        if len(kept | ends) <= limit:
            kept |= ends
    for node in sorted(graph.nodes, key=urgency, reverse=True):
        if len(kept) >= limit:
            break
        kept.add(node.id)
    edges = [edge for edge in graph.edges if edge.source in kept and edge.target in kept]
    return replace(_of(graph, edges, kept), left_out=len(graph.nodes) - len(kept))


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
