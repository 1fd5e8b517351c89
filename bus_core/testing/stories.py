"""Stories: an event that a handler publishes knows what caused it, and keeps its id."""

import threading
from typing import Any

from bus_core.event import Event
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import Inbox
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually_equal

SOON = RetryPolicy(attempts=5, delays_ms=(20,))


class StoriesConformance(Stage):
    """Tests of correlation, causation and the ids of consequences."""

    def chain(self, failures: int = 0, **options: Any) -> tuple[Inbox, Inbox]:
        """Start a service that answers `asked` with two times `answered`, and one that listens.

        Its handler fails so many times, after it has published.
        """
        answers = self.listen("answered", "curious")
        bus = self.open("answering")

        def answer(_event: Event) -> bool:
            for part in ("first", "second"):
                bus.publish(Event(answers.event_type, part))
            return len(asked.events) > failures

        asked = self.subscribe(bus, "asked", answer, **options)
        bus.start()
        self.reach(asked)
        return asked, answers

    def test_a_consequence_names_its_cause_and_belongs_to_the_same_story(self) -> None:
        asked, answers = self.chain()
        cause = Event(asked.event_type, correlation_id="the story", causation_id="what was before")
        self.publisher.publish(cause)
        eventually_equal(lambda: answers.payloads, ["first", "second"])
        for event in answers.events:
            assert (event.correlation_id, event.causation_id) == ("the story", cause.id)
        assert answers.ids[0] != answers.ids[1]

    def test_the_first_event_of_a_story_names_it(self) -> None:
        asked, answers = self.chain()
        (cause,) = self.publish("asked", None)
        eventually_equal(lambda: len(answers.events), 2)
        assert {event.correlation_id for event in answers.events} == {cause.id}
        assert asked.events[0].correlation_id == cause.id

    @needs("retries")
    def test_a_handler_that_runs_again_publishes_the_same_ids_again(self) -> None:
        _asked, answers = self.chain(failures=2, retry=SOON)
        self.publish("asked", None)
        eventually_equal(lambda: len(answers.events), 6)
        assert answers.ids[2:4] == answers.ids[4:6] == answers.ids[:2]

    def test_the_same_question_asked_twice_has_two_answers(self) -> None:
        _asked, answers = self.chain()
        self.publish("asked", "again", "again")
        eventually_equal(lambda: len(answers.events), 4)
        assert len(set(answers.ids)) == 4

    def test_an_event_that_was_made_before_gets_its_cause_when_it_is_published(self) -> None:
        answers = self.listen("answered", "curious")
        prepared = Event(answers.event_type, "prepared")
        bus = self.open("answering")
        asked = self.subscribe(bus, "asked", lambda _event: bus.publish(prepared))
        bus.start()
        self.reach(asked)
        (cause,) = self.publish("asked", None)
        eventually_equal(lambda: answers.ids, [prepared.id])
        found = answers.events[0]
        assert (found.correlation_id, found.causation_id) == (cause.correlation_id, cause.id)

    def test_consequences_by_publish_many_and_publish_soon_have_a_cause_too(self) -> None:
        answers = self.listen("answered", "curious")
        bus = self.open("answering")

        def answer(_event: Event) -> None:
            bus.publish_many([Event(answers.event_type, "many")])
            bus.publish_soon(Event(answers.event_type, "soon")).result(timeout=15)

        asked = self.subscribe(bus, "asked", answer)
        bus.start()
        self.reach(asked)
        (cause,) = self.publish("asked", None)
        eventually_equal(lambda: answers.payloads, ["many", "soon"])
        assert {event.causation_id for event in answers.events} == {cause.id}

    def test_handlers_side_by_side_do_not_mix_up_their_causes(self) -> None:
        answers = self.listen("answered", "curious")
        bus, all_there = self.open("answering"), threading.Barrier(4)

        def answer(event: Event) -> None:
            all_there.wait(15)
            bus.publish(Event(answers.event_type, event.id))

        asked = self.subscribe(bus, "asked", answer, concurrency=4)
        bus.start()
        self.reach(asked)
        self.publish("asked", 1, 2, 3, 4)
        eventually_equal(lambda: len(answers.events), 4)
        assert [event.causation_id for event in answers.events] == answers.payloads
        assert len(set(answers.payloads)) == 4

    def test_what_is_published_outside_of_handlers_has_no_cause(self) -> None:
        asked, _answers = self.chain()
        self.publish("asked", None)
        eventually_equal(lambda: len(asked.done), 1)
        later = Event(asked.event_type)
        asked.bus.publish(later)
        assert (later.causation_id, later.correlation_id) == (None, later.id)
        eventually_equal(lambda: [one.causation_id for one in asked.events[1:]], [None])
