"""What is declared and absent is a ghost, what is there and undeclared a stranger."""

from collections.abc import Callable

from eventbus_admin.map.building import build
from eventbus_admin.map.facts import Facts, Flow, Found
from eventbus_admin.map.graph import Edge, Graph, Standing, State
from tests.unit.map.conftest import LISTENER, NOW, PUBLISHER, TYPE, listening, thing

MakeFacts = Callable[..., Facts]
IN, OUT = (f"service:{PUBLISHER}", f"type:{TYPE}"), (f"type:{TYPE}", f"service:{LISTENER}")


def edge_of(graph: Graph, ends: tuple[str, str]) -> Edge:
    """Return the one edge between these."""
    (found,) = [edge for edge in graph.edges if (edge.source, edge.target) == ends]
    return found


def test_what_is_declared_and_there_is_known(facts: MakeFacts) -> None:
    graph = build(facts())
    assert {node.id for node in graph.nodes} == {*IN, *OUT}
    assert {one.standing for one in (*graph.nodes, *graph.edges)} == {Standing.KNOWN}
    assert {one.state for one in (*graph.nodes, *graph.edges)} == {State.IN_ORDER}
    assert (edge_of(graph, IN).rate, edge_of(graph, OUT).rate) == (12.0, 12.0)


def test_a_subscription_that_nobody_reads_is_a_ghost(facts: MakeFacts) -> None:
    nobody = listening(TYPE, LISTENER, consumers=0, health="no_consumers", waiting=3)
    graph = build(facts(subscriptions=(nobody,), workers={}, announced=frozenset()))
    edge, node = edge_of(graph, OUT), graph.by_id[f"service:{LISTENER}"]
    assert (edge.standing, edge.state, edge.waiting) == (Standing.GHOST, State.LOOK, 3)
    assert (node.standing, node.state) == (Standing.GHOST, State.LOOK)


def test_a_consumer_that_announces_nothing_is_no_ghost(facts: MakeFacts) -> None:
    graph = build(facts(workers={}, announced=frozenset()))
    assert graph.by_id[f"service:{LISTENER}"].standing is Standing.KNOWN


def test_nobody_is_called_absent_while_the_broker_is_not_read(facts: MakeFacts) -> None:
    unread = listening(TYPE, LISTENER, consumers=0, health="unknown", sync="unknown")
    graph = build(
        facts(subscriptions=(unread,), workers={}, announced=frozenset(), flows={}, looked=False)
    )
    assert edge_of(graph, OUT).standing is Standing.KNOWN
    assert graph.by_id[f"service:{LISTENER}"].standing is Standing.KNOWN


def test_a_publication_that_nobody_used_is_a_ghost(facts: MakeFacts) -> None:
    graph = build(facts(flows={}, rates={}))
    assert edge_of(graph, IN).standing is Standing.GHOST
    assert not edge_of(graph, IN).is_problem
    assert graph.by_id[f"type:{TYPE}"].standing is Standing.GHOST
    assert graph.by_id[f"service:{PUBLISHER}"].standing is Standing.GHOST


def test_who_may_not_publish_is_a_stranger(facts: MakeFacts) -> None:
    flows = {
        (TYPE, "cron"): Flow(share=0.25, last=NOW),
        (TYPE, PUBLISHER): Flow(share=0.75, last=NOW),
    }
    graph = build(facts(flows=flows))
    edge = edge_of(graph, ("service:cron", f"type:{TYPE}"))
    assert (edge.standing, edge.rate, edge.last) == (Standing.STRANGER, 3.0, NOW)
    assert edge.reasons == ("cron published exportRequested, and the registry does not let it.",)
    assert graph.by_id["service:cron"].standing is Standing.STRANGER
    assert not graph.by_id["service:cron"].registered


def test_a_type_that_only_the_journal_knows_is_a_stranger(facts: MakeFacts) -> None:
    graph = build(facts(rates={TYPE: 1.0, "lost": 2.0}, flows={}))
    assert graph.by_id["type:lost"].standing is Standing.STRANGER
    assert graph.by_id["type:lost"].rate == 2.0


def test_an_event_without_a_sender_makes_no_edge(facts: MakeFacts) -> None:
    graph = build(facts(flows={(TYPE, ""): Flow(share=1.0, last=NOW)}))
    assert len(graph.edges) == 2
    assert graph.by_id[f"type:{TYPE}"].standing is Standing.KNOWN


def test_a_worker_and_a_queue_of_one_subscription_are_one_stranger(facts: MakeFacts) -> None:
    queue, binding = f"consumer__{TYPE}__laptop", {"source": f"event__{TYPE}"}
    graph = build(
        facts(
            announced=frozenset({(TYPE, LISTENER), (TYPE, "laptop")}),
            workers={LISTENER: 1, "laptop": 2},
            found=(
                Found(kind="queue", name=queue, sync="unmanaged", sentence="Events collect here."),
                Found(kind="binding", name="b", sync="unmanaged", destination=queue, **binding),
            ),
        )
    )
    edge = edge_of(graph, (f"type:{TYPE}", "service:laptop"))
    assert edge.standing is Standing.STRANGER
    assert edge.reasons[1] == "Events collect here."
    assert graph.by_id["service:laptop"].workers == 2


def test_a_queue_that_is_nobodys_is_outside(facts: MakeFacts) -> None:
    found = Found(
        kind="binding",
        name="b",
        sync="unmanaged",
        sentence="It also goes to debug.",
        source=f"event__{TYPE}",
        destination="debug",
    )
    graph = build(facts(found=(found,)))
    edge = edge_of(graph, (f"type:{TYPE}", "outside:debug"))
    assert (edge.standing, edge.reasons) == (Standing.STRANGER, ("It also goes to debug.",))


def test_names_that_differ_in_case_are_two_and_say_so(facts: MakeFacts) -> None:
    graph = build(facts(rates={TYPE: 1.0, TYPE.lower(): 1.0}))
    right, wrong = graph.by_id[f"type:{TYPE}"], graph.by_id[f"type:{TYPE.lower()}"]
    assert (right.registered, wrong.registered) == (True, False)
    assert right.reasons == (f"It differs from {wrong.name} in its case only.",)
    assert wrong.reasons[-1] == f"It differs from {right.name} in its case only."


def test_what_is_declared_twice_is_one(facts: MakeFacts) -> None:
    twice = facts(
        publications=((TYPE, PUBLISHER),) * 2, subscriptions=(listening(TYPE, LISTENER),) * 2
    )
    assert build(twice) == build(facts())


def test_dead_letters_lose(facts: MakeFacts) -> None:
    graph = build(facts(dead={(TYPE, LISTENER): 4, ("", PUBLISHER): 1}))
    assert (edge_of(graph, OUT).state, edge_of(graph, OUT).dead) == (State.LOSES, 4)
    assert graph.by_id[f"service:{PUBLISHER}"].state is State.LOSES


def test_a_paused_subscription_rests(facts: MakeFacts) -> None:
    paused = listening(TYPE, LISTENER, paused=True, health="paused", sentence="Paused: 2 wait.")
    edge = edge_of(build(facts(subscriptions=(paused,))), OUT)
    assert (edge.state, edge.standing, edge.is_problem) == (State.IDLE, Standing.KNOWN, False)


def test_who_is_absent_and_paused_rests(facts: MakeFacts) -> None:
    paused = listening(TYPE, LISTENER, paused=True, health="paused", consumers=0)
    graph = build(facts(subscriptions=(paused,), workers={}, announced=frozenset()))
    node = graph.by_id[f"service:{LISTENER}"]
    assert (node.standing, node.state) == (Standing.GHOST, State.IDLE)


def test_a_retired_type_shows_only_while_something_of_it_is_there(facts: MakeFacts) -> None:
    kinds = (thing(TYPE), thing("old", detail="retired"))
    quiet = facts(event_types=kinds, publications=((TYPE, PUBLISHER), ("old", PUBLISHER)))
    assert "type:old" not in build(quiet).by_id
    loud = build(facts(event_types=kinds, rates={TYPE: 1.0, "old": 1.0}))
    assert loud.by_id["type:old"].state is State.LOOK


def test_an_exchange_that_is_missing_needs_a_look(facts: MakeFacts) -> None:
    gone = Found(kind="exchange", name=f"event__{TYPE}", sync="missing", sentence="It is gone.")
    node = build(facts(found=(gone,))).by_id[f"type:{TYPE}"]
    assert (node.state, node.reasons, node.standing) == (
        State.LOOK,
        ("It is gone.",),
        Standing.KNOWN,
    )
