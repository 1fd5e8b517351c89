"""What the map says in words: beside things, on pointing at them, and in its table. Pure."""

from collections.abc import Iterable

from eventbus_admin.console.looks import BAD, IDLE, OK, WARN
from eventbus_admin.map.graph import Edge, Graph, Kind, Node, Standing, State

TONES = {State.IN_ORDER: OK, State.LOOK: WARN, State.LOSES: BAD, State.IDLE: IDLE}
WORDS = {
    State.IN_ORDER: "In order",
    State.LOOK: "Needs a look",
    State.LOSES: "Loses or blocks",
    State.IDLE: "At rest",
}
STANDINGS = {
    Standing.KNOWN: "",
    Standing.GHOST: "ghost: declared, nobody connected",
    Standing.STRANGER: "stranger: connected, not declared",
}
_KINDS = {Kind.SERVICE: "Service", Kind.TYPE: "Event type", Kind.OUTSIDE: "Not ours:"}
MIDDLE, RIGHT = 1, 2


def per_minute(rate: float) -> str:
    """Write events a minute, no more exact than one reads it."""
    if rate >= 10_000:
        return f"{rate / 1000:,.0f}k/min"
    if rate >= 10:
        return f"{rate:,.0f}/min"
    return f"{rate:.1f}/min" if rate >= 0.05 else "0/min"


def beside_node(node: Node, column: int) -> str:
    """Return what stands at the right in a node's box."""
    if node.standing is Standing.STRANGER:
        return "stranger"
    if node.standing is Standing.GHOST:
        return "silent" if node.kind is Kind.TYPE else "absent"
    if column != RIGHT:
        return per_minute(node.rate)
    if not node.workers:
        return ""
    return "1 worker" if node.workers == 1 else f"{node.workers:,} workers"


def beside_edge(edge: Edge) -> str:
    """Return what stands at the end of an edge: what waits, what gave up."""
    said = [
        f"{edge.waiting:,} wait" if edge.waiting else "",
        f"{edge.dead:,} dead" * bool(edge.dead),
    ]
    return " · ".join(filter(None, said))


def about_node(node: Node) -> str:
    """Return a sentence or several about a node."""
    numbers = [
        per_minute(node.rate),
        f"{node.waiting:,} wait" if node.waiting else "",
        f"{node.dead:,} dead" if node.dead else "",
        f"{node.workers:,} at work" if node.workers else "",
    ]
    return _joined(
        f"{_KINDS[node.kind]} {node.name}",
        _state(node),
        ", ".join(filter(None, numbers)),
        *node.reasons,
    )


def about_edge(graph: Graph, edge: Edge) -> str:
    """Return a sentence or several about an edge."""
    numbers = filter(None, (per_minute(edge.rate), beside_edge(edge)))
    return _joined(way(graph, edge), _state(edge), ", ".join(numbers), *edge.reasons)


def way(graph: Graph, edge: Edge) -> str:
    """Return which way an edge leads."""
    return f"{graph.by_id[edge.source].name} → {graph.by_id[edge.target].name}"


def sentence(one: Node | Edge) -> str:
    """Return how something is, for a table."""
    standing = STANDINGS[one.standing]
    first = f"{standing[0].upper()}{standing[1:]}." if standing else ""
    return " ".join(filter(None, (first, *one.reasons))) or f"{WORDS[one.state]}."


def _state(one: Node | Edge) -> str:
    return ", ".join(filter(None, (WORDS[one.state].lower(), STANDINGS[one.standing])))


def _joined(*parts: str) -> str:
    return " ".join(_ended(part) for part in parts if part)


def _ended(part: str) -> str:
    return part if part.endswith((".", "…")) else f"{part}."


def fingerprint_of(graph: Graph) -> Iterable[object]:
    """Yield all that one can see of a graph; two that yield the same look the same."""
    yield graph.left_out, graph.edges_left_out
    for node in graph.nodes:
        yield (*_seen(node), node.id, node.owner, node.detail, node.registered, node.workers)
    for edge in graph.edges:
        yield (*_seen(edge), edge.source, edge.target, edge.consumers)


def _seen(one: Node | Edge) -> tuple[object, ...]:
    return one.standing, one.state, one.reasons, per_minute(one.rate), one.waiting, one.dead
