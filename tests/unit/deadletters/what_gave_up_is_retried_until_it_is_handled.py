"""A handler fails, its event waits here, the handler is mended, a person retries, it is handled."""

from bus_core.copies import DEAD_ID
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.actions import retry_dead_letters
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.counts import waiting_by_queue
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import Wanted
from eventbus_admin.deadletters.runs import counts
from eventbus_admin.journal.models import Outcome
from tests.unit.deadletters.conftest import QUEUE, SERVICE, TYPE, Bench, state_of


def test_it_is_taken_in_with_all_that_is_known(bench: Bench) -> None:
    bench.publish({"journal": "elife"})

    (letter,) = bench.taken_in()

    assert (letter.queue, letter.event_type, letter.service.name) == (QUEUE, TYPE, SERVICE)
    assert (letter.reason, letter.attempts, letter.decodable) == ("attempts", 1, True)
    assert letter.last_line == "ValueError: the archive is closed"
    assert letter.error.startswith("Traceback")
    assert letter.worker.count("/") == 2
    assert letter.event_id.startswith(f"{TYPE}_")
    bench.until(lambda: bench.in_queue() == 0)
    assert waiting_by_queue() == {QUEUE: 1}
    kept = wire.delivery_of(letter.properties, letter.body)
    assert kept.message.message_id == letter.event_id
    assert kept.message.headers[DEAD_ID] in letter.identity
    assert kept.message.headers["ce-type"] == TYPE


def test_retried_after_the_handler_was_mended_it_is_handled(bench: Bench) -> None:
    bench.publish({"journal": "elife"})
    (letter,) = bench.taken_in()
    bench.wrong = None

    run = retry_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[letter.pk]))
    assert state_of(letter) == State.RETRYING
    bench.until(lambda: state_of(letter) == State.HANDLED)

    assert bench.handled == [{"journal": "elife"}]
    run.refresh_from_db()
    assert (run.state, run.total, counts(run)) == ("done", 1, {"handled": 1})
    assert waiting_by_queue() == {}
    assert Outcome.objects.get(event_id=letter.event_id).attempts == 1, "a fresh budget"


def test_retried_too_early_it_comes_back_as_another(bench: Bench) -> None:
    bench.publish("still broken")
    (letter,) = bench.taken_in()

    retry_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[letter.pk]))
    bench.until(lambda: state_of(letter) == State.FAILED_AGAIN)
    (again,) = bench.taken_in()

    assert again.retried_from == letter
    assert again.cause == letter.cause
    assert again.event_id == letter.event_id
    # And it may be retried in its turn.
    bench.wrong = None
    retry_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[again.pk]))
    bench.until(lambda: state_of(again) == State.HANDLED)
    assert state_of(letter) == State.FAILED_AGAIN


def test_what_says_the_same_is_of_one_cause(bench: Bench) -> None:
    for number in range(1001, 1006):
        bench.wrong = ValueError(f"no room for article {number}")
        bench.publish(number)
        bench.until(lambda number=number: DeadLetter.objects.count() == number - 1000)
    bench.wrong = KeyError("journal")
    bench.publish("another")
    bench.taken_in(6)

    found = Cause.objects.of(DeadLetter.objects.waiting())
    assert {one.text: one.count for one in found} == {
        "ValueError: no room for article …": 5,
        "KeyError: 'journal'": 1,
    }
    first = found.get(count=5)
    assert first.first <= first.last
    assert first.newest == DeadLetter.objects.filter(cause=first).latest("pk").pk
    assert found.order_by("-newest")[0].count == 1, "the cause of the latest one first"


def test_all_of_a_cause_are_retried_and_what_comes_later_is_not_among_them(bench: Bench) -> None:
    bench.publish(*range(5))
    letters = bench.taken_in(5)
    chosen = Chosen(wanted=Wanted(service=SERVICE, cause=letters[0].cause_id))

    run = retry_dead_letters(actor=SYSTEM, chosen=chosen)
    bench.publish("later")
    bench.until(lambda: DeadLetter.objects.count() == 11, "5 came back, 1 is new")

    assert run.total == 5
    assert run.what == "all of one cause: ValueError: the archive is closed"
    assert counts(run) == {"failed_again": 5}
    later = DeadLetter.objects.get(retried_from=None, run=None)
    assert later.state == State.WAITING
    assert RetryRun.objects.get().state == "done"
