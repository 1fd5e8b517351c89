"""`Event`: what is filled in, outside of handlers and inside."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bus_core.errors import InvalidName
from bus_core.event import Event, Handling, handling


@contextmanager
def inside_a_handler_of(event: Event, service: str = "meca-exporter") -> Iterator[None]:
    token = handling.set(Handling(event, service))
    try:
        yield
    finally:
        handling.reset(token)


CAUSE = Event("asked", id="the cause", correlation_id="the story")


def test_outside_of_handlers_an_event_begins_a_story() -> None:
    event = Event("asked")
    assert event.id.startswith("asked_")
    assert (event.correlation_id, event.causation_id) == (event.id, None)
    assert event.caused() is event


def test_inside_a_handler_it_continues_the_story() -> None:
    with inside_a_handler_of(CAUSE):
        event = Event("answered")
    assert (event.correlation_id, event.causation_id) == ("the story", "the cause")


def made(
    count: int, *types: str, cause: Event = CAUSE, service: str = "meca-exporter"
) -> list[str]:
    """Return the ids of the events that one run of a handler makes."""
    with inside_a_handler_of(cause, service):
        return [Event(event_type).id for _ in range(count) for event_type in types]


def test_a_handler_that_runs_again_makes_the_same_ids() -> None:
    assert made(3, "a", "b") == made(3, "a", "b")
    assert len(set(made(3, "a", "b"))) == 6


def test_ids_do_not_depend_on_what_other_types_were_made_between() -> None:
    assert made(2, "a") == made(2, "b", "a")[1::2]


def test_another_cause_or_service_makes_other_ids() -> None:
    ids = [
        *made(1, "a"),
        *made(1, "a", service="crossref-exporter"),
        *made(1, "a", cause=Event("asked", id="another cause")),
    ]
    assert len(set(ids)) == 3


def test_an_event_made_before_gets_its_cause_once() -> None:
    event = Event("answered", id="prepared")
    with inside_a_handler_of(CAUSE):
        caused = event.caused()
        assert caused.caused() is caused
    assert caused.id == "prepared"
    assert (caused.correlation_id, caused.causation_id) == ("the story", "the cause")


def test_what_was_given_is_kept() -> None:
    with inside_a_handler_of(CAUSE):
        event = Event("answered", id="own", correlation_id="other story", causation_id="other")
        assert event.caused() is event
    assert (event.id, event.correlation_id, event.causation_id) == ("own", "other story", "other")


def test_an_event_published_again_by_its_own_handler_is_not_its_own_cause() -> None:
    with inside_a_handler_of(CAUSE):
        assert CAUSE.caused() is CAUSE


def test_created_has_milliseconds_and_no_more() -> None:
    assert Event("asked").created.microsecond % 1000 == 0


def test_a_type_that_breaks_the_rule_is_refused() -> None:
    with pytest.raises(InvalidName, match="event type"):
        Event("two__parts")
