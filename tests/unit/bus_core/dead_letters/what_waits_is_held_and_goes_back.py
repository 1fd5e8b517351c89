"""Reading takes what is there at the start; whatever is not acted on is there afterwards."""

import pytest

from bus_core.dead_letters import HeldDeadLetters, acting, discard, retry, waiting
from bus_core.errors import NotFound
from tests.harness.giving_up import QUEUE, SERVICE, Scene


def test_it_goes_back_in_its_order(scene: Scene) -> None:
    events = scene.give_up(*range(20))
    for _ in range(2):
        held = HeldDeadLetters(scene.link, SERVICE)
        assert [one.id for one in held.read()] == [event.id for event in events]
        assert scene.waiting() == 0
        held.close()
        assert scene.waiting() == 20


def test_no_more_is_read_than_the_limit_says(scene: Scene) -> None:
    events = scene.give_up(*range(5))
    held = HeldDeadLetters(scene.link, SERVICE, limit=3)
    assert [one.id for one in held.read()] == [event.id for event in events[:3]]
    assert held.more
    held.close()
    assert scene.waiting() == 5


def test_no_more_is_kept_than_its_bytes_allow(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MAX_BYTES", 1_500)
    scene.give_up(*["x" * 1_000] * 5)
    held = HeldDeadLetters(scene.link, SERVICE)
    assert len(held.read()) == 2
    assert held.more
    held.close()
    assert scene.waiting() == 5


def test_an_empty_queue_is_read_at_once(scene: Scene) -> None:
    held = HeldDeadLetters(scene.link, SERVICE)
    assert held.read() == []
    assert not held.more
    held.close()


def test_what_comes_later_is_not_among_them(scene: Scene) -> None:
    scene.give_up(1)
    held = HeldDeadLetters(scene.link, SERVICE)
    letters = held.read()
    scene.give_up(2)
    assert discard(held, letters).done == 1
    held.close()
    assert scene.waiting() == 1


def test_others_that_read_the_queue_are_counted(scene: Scene) -> None:
    scene.give_up(1)
    first = HeldDeadLetters(scene.link, SERVICE)
    first.read()
    second = HeldDeadLetters(scene.link, SERVICE)
    assert second.read() == []
    assert first.found.consumers == 0
    first.close()
    second.close()
    assert scene.waiting() == 1


def test_a_service_without_a_queue_has_none(scene: Scene) -> None:
    with pytest.raises(NotFound, match="dead__stranger"):
        HeldDeadLetters(scene.link, "stranger").read()


def test_what_was_discarded_is_gone_and_the_rest_is_not(scene: Scene) -> None:
    events = scene.give_up(*range(6))
    held = HeldDeadLetters(scene.link, SERVICE)
    assert discard(held, held.read()[::2]).done == 3
    held.close()
    rest = HeldDeadLetters(scene.link, SERVICE)
    assert [one.id for one in rest.read()] == [event.id for event in events[1::2]]
    rest.close()


def test_stopped_between_two_chunks_it_leaves_the_rest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "CHUNK", 4)
    scene.give_up(*range(10))
    held = HeldDeadLetters(scene.link, SERVICE)
    heard: list[int] = []
    tally = retry(held, held.read(), stopped=lambda: bool(heard), progress=heard.append)
    held.close()
    assert (tally.done, tally.error, heard) == (4, None, [4])
    assert (scene.waiting(), scene.waiting(QUEUE)) == (6, 4)


def test_a_lost_link_ends_it_with_an_error_and_nothing_is_lost(scene: Scene) -> None:
    scene.give_up(*range(3))
    held = HeldDeadLetters(scene.link, SERVICE)
    letters = held.read()
    scene.link.close()
    tally = retry(held, letters)
    assert (tally.done, held.lost) == (0, True)
    assert tally.error is not None
    assert scene.broker.snapshot().queues
    after = next(one for one in scene.broker.snapshot().queues if one.queue.name == held.queue)
    assert after.ready == 3
