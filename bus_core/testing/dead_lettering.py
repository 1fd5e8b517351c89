"""Dead letters: what gives up, when, and what is said about it."""

import json
from typing import Any

import pytest

from bus_core.event import Event
from bus_core.outcome import Reject
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.retrying import fail, one_after_the_other
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

THREE_TIMES = RetryPolicy(attempts=3, delays_ms=(20,))


class DeadLetteringConformance(Stage):
    """Tests of events that nobody handles any more."""

    @needs("dead_letters")
    def test_a_rejected_event_is_a_dead_letter_at_once(self) -> None:
        then = fail(Reject("no such journal: žluťoučký"))
        inbox = self.listen("exportRequested", then=then)
        (event,) = self.publish("exportRequested", {"journal": "?"})
        (letter,) = eventually(self.given_up)
        assert letter.event_type == inbox.event_type
        assert (letter.reason, letter.attempts) == ("rejected", 1)
        assert "no such journal: žluťoučký" in letter.error
        assert json.loads(letter.body)["event"]["id"] == event.id
        assert json.loads(letter.body)["event"]["payload"] == {"journal": "?"}
        assert len(inbox.events) == 1

    @needs("dead_letters", "retries")
    def test_an_event_is_given_up_after_its_attempts_and_not_before(self) -> None:
        left_at: list[int] = []

        def count(_event: Event) -> Any:
            left_at.append(len(self.given_up()))
            raise ValueError("the journal is away")

        inbox = self.listen("exportRequested", then=count, retry=THREE_TIMES)
        (event,) = self.publish("exportRequested", 1)
        (letter,) = eventually(self.given_up)
        assert left_at == [0, 0, 0]
        assert inbox.ids == [event.id] * 3
        assert (letter.reason, letter.attempts) == ("attempts", 3)
        assert "ValueError" in letter.error
        assert "the journal is away" in letter.error
        meta = json.loads(letter.body)["meta"]
        assert (meta["attempts"], meta["failures"], meta["retries"]) == (3, 3, 3)

    @needs("dead_letters", "retries")
    def test_one_attempt_means_no_retry(self) -> None:
        policy = RetryPolicy(attempts=1)
        inbox = self.listen("exportRequested", then=fail(), retry=policy)
        self.publish("exportRequested", 1)
        (letter,) = eventually(self.given_up)
        assert (letter.reason, letter.attempts) == ("attempts", 1)
        assert inbox.payloads == [1]

    @needs("dead_letters", "retries")
    def test_an_event_rejected_on_a_later_attempt_says_how_many_there_were(self) -> None:
        then = one_after_the_other(fail(), fail(Reject("never")))
        self.listen("exportRequested", then=then, retry=THREE_TIMES)
        self.publish("exportRequested", 1)
        (letter,) = eventually(self.given_up)
        assert (letter.reason, letter.attempts) == ("rejected", 2)

    @needs("dead_letters")
    def test_each_service_has_dead_letters_of_its_own(self) -> None:
        strict = self.listen("exportRequested", "strict", fail(Reject("no")))
        easy = self.listen("exportRequested", "easy")
        self.publish("exportRequested", 1)
        eventually(lambda: self.given_up("strict"))
        eventually_equal(lambda: easy.payloads, [1])
        self.publish("exportRequested", 2)
        eventually_equal(lambda: easy.payloads, [1, 2])
        eventually_equal(lambda: strict.payloads, [1, 2])
        assert self.given_up("easy") == []

    @needs("dead_letters")
    def test_the_worker_goes_on_after_a_dead_letter(self) -> None:
        def reject_even(event: Event) -> None:
            if event.payload % 2 == 0:
                raise Reject("even")

        inbox = self.listen("exportRequested", then=reject_even)
        self.publish("exportRequested", *range(10))
        eventually_equal(lambda: inbox.done, [1, 3, 5, 7, 9])
        eventually_equal(lambda: len(self.given_up()), 5)
        payloads = [json.loads(letter.body)["event"]["payload"] for letter in self.given_up()]
        assert payloads == [0, 2, 4, 6, 8]

    @needs("dead_letters")
    @pytest.mark.parametrize("error", ["", "x" * 100_000, "line\n" * 1000, "🚌" * 10_000, "\ud800"])
    def test_any_error_text_makes_a_dead_letter(self, error: str) -> None:
        self.listen("exportRequested", then=fail(Reject(error)))
        self.publish("exportRequested", 1)
        (letter,) = eventually(self.given_up)
        assert letter.reason == "rejected"
        assert letter.error
