"""`Graph`: services and event types, and what flows between them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What a node is."""

    SERVICE = "service"
    TYPE = "type"
    OUTSIDE = "outside"
    """A queue or an exchange that is nobody's here, and takes our events."""


class Standing(StrEnum):
    """How what was declared compares with what is there."""

    KNOWN = "known"
    GHOST = "ghost"
    """Declared, and nobody is connected."""
    STRANGER = "stranger"
    """Connected, and nobody declared it."""


class State(StrEnum):
    """How something is, the worst last."""

    IDLE = "idle"
    IN_ORDER = "in_order"
    LOOK = "needs_a_look"
    LOSES = "loses_or_blocks"


STATES = tuple(State)


def worst(*states: State) -> State:
    """Return the worst of some states."""
    return max(states, key=STATES.index, default=State.IDLE)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A service, an event type, or something foreign at the end of a binding."""

    kind: Kind
    name: str
    standing: Standing = Standing.KNOWN
    state: State = State.IN_ORDER
    reasons: tuple[str, ...] = ()
    """Sentences that say why it stands so."""
    owner: str = ""
    detail: str = ""
    registered: bool = True
    workers: int = 0
    rate: float = 0.0
    """Events a minute: of a type what came, of a service what it published."""
    waiting: int = 0
    dead: int = 0

    @property
    def id(self) -> str:
        """How addresses call it: `service:meca-exporter`."""
        return f"{self.kind}:{self.name}"

    @property
    def is_problem(self) -> bool:
        """Whether somebody should look."""
        return self.state in {State.LOOK, State.LOSES} or self.standing is Standing.STRANGER


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Events of one type on their way from a service, or to one."""

    source: str
    """Id of the node that it comes from."""
    target: str
    standing: Standing = Standing.KNOWN
    state: State = State.IN_ORDER
    reasons: tuple[str, ...] = ()
    rate: float = 0.0
    """Events a minute."""
    waiting: int = 0
    dead: int = 0
    consumers: int | None = None
    """Of a subscription's queue; unknown of everything else."""
    last: datetime | None = None
    """When something was last published this way, as far as the journal reaches."""

    @property
    def publishes(self) -> bool:
        """Whether it leads from a service to an event type."""
        return self.target.startswith(f"{Kind.TYPE}:")

    @property
    def is_problem(self) -> bool:
        """Whether somebody should look."""
        return self.state in {State.LOOK, State.LOSES} or self.standing is Standing.STRANGER


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes by kind and name, edges by their ends; the ends of each edge are among the nodes."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    observed_at: datetime | None = None
    journal_since: datetime | None = None
    left_out: int = 0
    """How many nodes more there are than were asked for."""
    edges_left_out: int = 0
    """How many edges more there are between the nodes that are here."""

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}
