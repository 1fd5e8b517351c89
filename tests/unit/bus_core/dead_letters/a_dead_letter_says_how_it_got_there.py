"""Given up by a worker, by the broker, or astray: a description says which, and whose it is."""

from datetime import UTC, datetime

import pytest

from bus_core import Event
from bus_core.copies import DEAD_QUEUE, DEAD_REASON
from bus_core.dead_letters import DeadLetter, HeldDeadLetters
from bus_core.message import Message
from tests.harness.giving_up import LOST, QUEUE, SERVICE, Scene


def only(scene: Scene) -> DeadLetter:
    held = HeldDeadLetters(scene.link, SERVICE)
    (letter,) = held.read()
    held.close()
    return letter


def test_a_worker_gave_it_up(scene: Scene) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    (event,) = scene.give_up({"journal": "elife"}, error="first line\nno such journal")
    letter = only(scene)
    assert (letter.reason, letter.queue, letter.attempts) == ("rejected", QUEUE, 1)
    assert (letter.id, letter.event_type) == (event.id, "exportRequested")
    assert letter.event is not None
    assert letter.event.payload == {"journal": "elife"}
    assert letter.cause == "no such journal"
    assert letter.worker
    assert letter.at is not None
    assert before <= letter.at <= datetime.now(UTC)


def test_the_broker_gave_it_up(scene: Scene) -> None:
    scene.wear_out(Event("exportRequested", 1))
    letter = only(scene)
    assert (letter.reason, letter.queue) == ("broker", QUEUE)
    assert "delivery_limit" in letter.error
    assert letter.at is not None


def test_its_queue_was_gone(scene: Scene) -> None:
    scene.lose(Event("oldEvent", 1))
    letter = only(scene)
    assert (letter.reason, letter.queue, letter.event_type) == ("stray", LOST, "oldEvent")
    assert LOST in letter.error


@pytest.mark.parametrize("queue", ["consumer__exportRequested__audit-log", "anything", 7])
def test_a_header_cannot_point_to_a_queue_of_somebody_else(scene: Scene, queue: object) -> None:
    scene.bury(Message(body=b"{}", headers={DEAD_QUEUE: queue, DEAD_REASON: "rejected"}))
    letter = only(scene)
    assert letter.queue is None


def test_nobody_knows(scene: Scene) -> None:
    scene.bury(Message(body=b"\xff", message_id="m-1"))
    letter = only(scene)
    assert (letter.reason, letter.queue, letter.event, letter.id) == ("unknown", None, None, "m-1")
    assert "not JSON" in letter.error
