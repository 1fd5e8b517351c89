"""`handle` and `handled`: what they see, in which order, and what their errors do."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from bus_core import Event, EventBus, Middleware, Reject, Retry, RetryPolicy
from bus_core.connecting import open_link
from bus_core.link import ConsumeOptions, Settlement
from bus_core.message import Delivery
from bus_core.middleware import Attempt, Outcome, Publication
from tests.harness.poll import wait_until

SOON = RetryPolicy(attempts=3, delays_ms=(10,))
Listen = Callable[..., EventBus]
CallNext = Callable[[], Any]


class Witness(Middleware):
    """Notes what it is told."""

    def __init__(self, name: str = "witness", notes: list[str] | None = None) -> None:
        self.name = name
        self.notes: list[str] = [] if notes is None else notes
        self.attempts: list[Attempt] = []
        self.raised: list[BaseException] = []
        self.outcomes: list[Outcome] = []

    def handle(self, attempt: Attempt, call_next: CallNext) -> Any:
        self.attempts.append(attempt)
        self.notes.append(f"{self.name} before")
        try:
            return call_next()
        except BaseException as error:
            self.raised.append(error)
            raise
        finally:
            self.notes.append(f"{self.name} after")

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        assert attempt == self.attempts[-1]
        self.notes.append(f"{self.name} told")
        self.outcomes.append(outcome)

    @property
    def names(self) -> list[str]:
        return [outcome.name for outcome in self.outcomes]


def wait_for_outcomes(witness: Witness, *names: str) -> None:
    wait_until(lambda: len(witness.outcomes) >= len(names), interval=0.005)
    assert witness.names == list(names)


def test_the_first_is_the_outermost(listen: Listen) -> None:
    notes: list[str] = []
    first, second = Witness("first", notes), Witness("second", notes)
    bus = listen(lambda _event: notes.append("handler"), first, second)
    bus.publish(Event("asked"))
    wait_for_outcomes(first, "handled")
    assert notes == [
        "first before",
        "second before",
        "handler",
        "second after",
        "first after",
        "second told",
        "first told",
    ]


def test_an_attempt_says_what_is_handled_by_whom(listen: Listen) -> None:
    class Tenant(Middleware):
        def publishing(self, publication: Publication) -> None:
            publication.headers["x-tenant"] = "elife"

    witness = Witness()
    bus = listen(lambda _event: None, Tenant(), witness, retry=SOON)
    event = Event("asked", {"journal": "elife"})
    bus.publish(event)
    wait_for_outcomes(witness, "handled")
    (attempt,) = witness.attempts
    assert (attempt.event, attempt.number, attempt.service) == (event, 1, "meca-exporter")
    assert attempt.queue == "consumer__asked__meca-exporter"
    assert (attempt.subscription.event_type, attempt.subscription.retry) == ("asked", SOON)
    assert attempt.headers["x-tenant"] == "elife"
    assert attempt.headers["ce-id"] == event.id


def test_it_is_told_of_every_attempt_until_the_end(listen: Listen) -> None:
    def fail(_event: Event) -> None:
        raise ValueError("the journal is away")

    witness = Witness()
    listen(fail, witness, retry=SOON).publish(Event("asked"))
    wait_for_outcomes(witness, "retried", "retried", "dead")
    assert [attempt.number for attempt in witness.attempts] == [1, 2, 3]
    assert [repr(error) for error in witness.raised] == ["ValueError('the journal is away')"] * 3
    for outcome in witness.outcomes:
        assert outcome.error.endswith("ValueError: the journal is away")
        assert "in fail" in outcome.error
        assert 0 < outcome.seconds < 10


def test_a_handler_that_returns_false_looks_like_one_that_asks_for_a_retry(
    listen: Listen,
) -> None:
    witness = Witness()
    listen(lambda _event: False, witness, retry=SOON).publish(Event("asked"))
    wait_for_outcomes(witness, "retried", "retried", "dead")
    assert {type(error) for error in witness.raised} == {Retry}
    assert {outcome.error for outcome in witness.outcomes} == {"the handler returned False"}


def test_an_event_that_is_given_up_before_its_handler_is_told_as_well(
    listen: Listen, open_bus: Callable[..., EventBus], url: str
) -> None:
    class Told(Middleware):
        told: list[tuple[int, Outcome]] = []

        def handled(self, attempt: Attempt, outcome: Outcome) -> None:
            self.told.append((attempt.number, outcome))

    publisher, handled = open_bus(service="publisher"), []
    listen(handled.append).close()
    link = open_link(url, client_name="somebody who crashes")
    returned: list[int] = []

    def give_back_five_times(delivery: Delivery) -> None:
        returned.append(delivery.delivery_count)
        if len(returned) <= 5:
            consumption.settle(delivery, Settlement.REJECT)

    consumption = link.consume(
        ConsumeOptions(queue="consumer__asked__meca-exporter"), give_back_five_times
    )
    publisher.publish(Event("asked"))
    assert returned == [0, 1, 2, 3, 4, 5]
    link.close()
    listen(handled.append, Told())
    ((number, outcome),) = wait_until(lambda: Told.told)
    assert (number, outcome.name, outcome.seconds) == (0, "dead", 0.0)
    assert "workers ended" in outcome.error
    assert handled == []


def test_context_variables_reach_plain_and_async_handlers(listen: Listen) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")

    class Tenant(Middleware):
        def handle(self, attempt: Attempt, call_next: CallNext) -> Any:
            token = tenant.set(attempt.event.payload)
            try:
                return call_next()
            finally:
                tenant.reset(token)

    seen: list[str] = []

    async def async_handler(_event: Event) -> None:
        seen.append(tenant.get())

    bus = listen(lambda _event: seen.append(tenant.get()), Tenant())
    bus.subscribe("answered")(async_handler)
    bus.start(wait=10)
    bus.publish(Event("asked", "elife"))
    bus.publish(Event("answered", "plos"))
    wait_until(lambda: sorted(seen) == ["elife", "plos"])


def test_what_it_publishes_is_a_consequence_of_the_event(listen: Listen) -> None:
    class Audit(Middleware):
        def handle(self, attempt: Attempt, call_next: CallNext) -> Any:
            bus.publish(Event("audited", attempt.event.id))
            return call_next()

    audited: list[Event] = []
    bus = listen(lambda _event: None, Audit())
    bus.subscribe("audited")(audited.append)
    bus.start(wait=10)
    asked = Event("asked")
    bus.publish(asked)
    wait_until(lambda: audited)
    assert (audited[0].causation_id, audited[0].payload) == (asked.id, asked.id)


# -- what it decides --


def test_one_that_does_not_go_on_says_that_there_is_nothing_to_do(listen: Listen) -> None:
    class Once(Middleware):
        seen: set[str] = set()

        def handle(self, attempt: Attempt, call_next: CallNext) -> Any:
            if attempt.event.id in self.seen:
                return None
            self.seen.add(attempt.event.id)
            return call_next()

    witness, handled = Witness(), []
    bus = listen(handled.append, witness, Once())
    event = Event("asked")
    bus.publish_many([event, event])
    wait_for_outcomes(witness, "handled", "handled")
    assert handled == [event]


@pytest.mark.parametrize(
    ("error", "outcomes"),
    [
        (ValueError("broken"), ["retried", "retried", "dead"]),
        (SystemExit(1), ["retried", "retried", "dead"]),
        (Reject("no journal"), ["dead"]),
        (Retry(reason="not now"), ["retried", "retried", "dead"]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_its_error_counts_as_one_of_the_handler(
    listen: Listen, error: BaseException, outcomes: list[str], when: str
) -> None:
    class Broken(Middleware):
        def handle(self, _attempt: Attempt, call_next: CallNext) -> Any:
            if when == "after":
                call_next()
            raise error

    witness, handled = Witness(), []
    bus = listen(handled.append, witness, Broken(), retry=SOON)
    bus.publish(Event("asked"))
    wait_for_outcomes(witness, *outcomes)
    assert str(error) in witness.outcomes[0].error
    assert len(handled) == (len(outcomes) if when == "after" else 0)


def test_it_may_decide_what_an_error_means(listen: Listen) -> None:
    class Strict(Middleware):
        def handle(self, _attempt: Attempt, call_next: CallNext) -> Any:
            try:
                return call_next()
            except KeyError as error:
                raise Reject(f"the payload lacks {error}") from error

    witness = Witness()
    listen(lambda event: event.payload["journal"], witness, Strict()).publish(Event("asked", {}))
    wait_for_outcomes(witness, "dead")
    assert witness.outcomes[0].error == "the payload lacks 'journal'"


@pytest.mark.parametrize("answer", ["False", "a coroutine"])
def test_what_it_returns_is_looked_at_like_an_answer_of_the_handler(
    listen: Listen, answer: str
) -> None:
    class Odd(Middleware):
        def handle(self, attempt: Attempt, call_next: CallNext) -> Any:
            return self.later(call_next) if answer == "a coroutine" else False

        async def later(self, call_next: CallNext) -> Any:
            return call_next()

    witness, handled = Witness(), []
    listen(handled.append, witness, Odd(), retry=SOON).publish(Event("asked"))
    wait_for_outcomes(witness, "retried", "retried", "dead")
    assert handled == []


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)], ids=repr)
def test_an_error_after_the_fact_is_logged_and_changes_nothing(
    listen: Listen, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Middleware):
        def handled(self, _attempt: Attempt, _outcome: Outcome) -> None:
            raise error

    handled: list[Event] = []
    witness = Witness()
    bus = listen(handled.append, witness, Broken())
    events = [Event("asked", 1), Event("asked", 2)]
    with caplog.at_level(logging.ERROR):
        bus.publish_many(events)
        wait_for_outcomes(witness, "handled", "handled")
    assert handled == events
    assert ["Broken" in record.getMessage() for record in caplog.records] == [True, True]


def test_everything_was_told_when_the_bus_is_closed(listen: Listen) -> None:
    witness = Witness()
    bus = listen(lambda event: event.payload != "fail", witness, retry=RetryPolicy(attempts=1))
    bus.publish_many(Event("asked", "fail" if number % 2 else "") for number in range(40))
    wait_until(lambda: witness.attempts)
    bus.close()
    assert len(witness.outcomes) == len(witness.attempts)
