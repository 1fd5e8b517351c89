"""Another chance: to the one subscription that gave it up, with the whole retry budget."""

from typing import Any

import pytest

from bus_core import Event, RetryPolicy, connect
from bus_core.copies import DEAD_PREFIX, another_chance
from bus_core.dead_letters import HeldDeadLetters, open_targets, retry, send_again
from bus_core.envelope import Meta, decode
from bus_core.link import ConsumeOptions
from bus_core.message import Delivery, Message
from bus_core.topology import Binding, dead_letters
from tests.harness.giving_up import LOST, QUEUE, SERVICE, Scene
from tests.harness.poll import wait_until

AUDIT = "consumer__exportRequested__audit-log"


def take(scene: Scene, queue: str) -> list[Delivery]:
    found: list[Delivery] = []
    scene.link.consume(ConsumeOptions(queue=queue), found.append).close()
    return found


def retry_all(scene: Scene) -> int:
    held = HeldDeadLetters(scene.link, SERVICE)
    letters = held.read()
    there = open_targets(scene.link, SERVICE, letters)
    tally = retry(held, [one for one in letters if one.queue in there])
    held.close()
    assert tally.error is None
    return tally.done


def test_nobody_else_gets_it(scene: Scene) -> None:
    events = scene.give_up(1, 2, 3)
    elsewhere = scene.waiting(AUDIT)
    assert retry_all(scene) == 3
    assert (scene.waiting(), scene.waiting(QUEUE), scene.waiting(AUDIT)) == (0, 3, elsewhere)
    assert [decode(one.message).event.id for one in take(scene, QUEUE)] == [
        event.id for event in events
    ]


def test_its_counts_begin_at_0_and_what_was_said_of_it_is_gone(scene: Scene) -> None:
    (event,) = scene.give_up({"journal": "elife"})
    retry_all(scene)
    (delivery,) = take(scene, QUEUE)
    envelope = decode(delivery.message)
    assert (envelope.event.id, envelope.event.payload) == (event.id, {"journal": "elife"})
    assert (envelope.meta.attempts, envelope.meta.failures) == (0, 0)
    assert not [name for name in delivery.message.headers if name.startswith(DEAD_PREFIX)]
    assert delivery.message.headers["ce-id"] == event.id


def test_it_has_as_many_attempts_as_at_first(scene: Scene) -> None:
    handled: list[Any] = []

    def fail(event: Event) -> bool:
        handled.append(event.payload)
        return False

    with connect(scene.url, service=SERVICE) as bus:
        bus.subscribe("exportRequested", retry=RetryPolicy(attempts=3, delays_ms=(5,)))(fail)
        bus.start(wait=10)
        bus.publish(Event("exportRequested", 1))
        wait_until(lambda: scene.waiting() == 1)
        assert len(handled) == 3
        retry_all(scene)
        wait_until(lambda: scene.waiting() == 1)
        assert len(handled) == 6


def test_what_the_broker_noted_is_gone(scene: Scene) -> None:
    scene.wear_out(Event("exportRequested", 1))
    retry_all(scene)
    (delivery,) = take(scene, QUEUE)
    assert not [name for name in delivery.message.headers if name.startswith("x-")]


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b'{"event": 1}', b"[1, 2 ]"])
def test_what_cannot_be_decoded_is_kept_to_the_byte(body: bytes) -> None:
    assert another_chance(Message(body=body, headers={"x-death": []})).body == body


def test_the_budget_that_it_carries_stays() -> None:
    body = (
        b'{"event": {"id": "a", "eventType": "t"}, '
        b'"meta": {"attempts": 4, "retries": 4, "failures": 4, "more": 1}, "else": 2}'
    )
    envelope = decode(another_chance(Message(body=body)))
    assert envelope.meta == Meta(attempts=0, retries=4, failures=0)
    assert (envelope.document["meta"]["more"], envelope.document["else"]) == (1, 2)


def test_a_lost_queue_is_seen_beforehand(scene: Scene) -> None:
    scene.lose(Event("oldEvent", 1))
    scene.give_up(2)
    held = HeldDeadLetters(scene.link, SERVICE)
    letters = held.read()
    assert {one.queue for one in letters} == {LOST, QUEUE}
    assert open_targets(scene.link, SERVICE, letters) == {QUEUE}
    held.close()
    assert scene.waiting() == 2


def test_a_missing_way_to_the_queue_is_made(scene: Scene) -> None:
    scene.give_up(1)
    scene.broker.unbind(Binding(source=f"service__{SERVICE}", queue=QUEUE, routing_key=QUEUE))
    assert retry_all(scene) == 1
    assert (scene.waiting(), scene.waiting(QUEUE)) == (0, 1)


def test_what_belongs_to_nobody_cannot_be_sent(scene: Scene) -> None:
    scene.bury(Message(body=b"?"))
    held = HeldDeadLetters(scene.link, SERVICE)
    (letter,) = held.read()
    with pytest.raises(ValueError, match="nobody can tell"):
        send_again(scene.link, SERVICE, letter)
    held.close()
    assert scene.waiting(dead_letters(SERVICE)) == 1
