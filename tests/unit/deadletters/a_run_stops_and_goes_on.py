"""Many are sent in chunks; a run stops, goes on, and tries one first when it is told to."""

from datetime import timedelta

import pytest

from bus_core import RetryPolicy
from bus_core.topology import dead_letters
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.deadletters import runs, sending
from eventbus_admin.deadletters.actions import resume_run, retry_dead_letters, stop_run
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import Wanted
from eventbus_admin.deadletters.runs import counts
from eventbus_admin.registry.errors import ActionError
from tests.unit.deadletters.conftest import Bench, states

ALL = Chosen()


@pytest.fixture
def run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> RetryRun:
    """Ten that gave up, and a mended handler; two are sent at a time."""
    monkeypatch.setattr(runs, "CHUNK", 2)
    bench.publish(*range(10))
    bench.taken_in(10)
    bench.wrong = None
    return retry_dead_letters(actor=SYSTEM, chosen=ALL)


def now(run: RetryRun) -> RetryRun:
    """The run as it stands."""
    run.refresh_from_db()
    return run


def test_it_stops_between_chunks_and_goes_on_with_the_rest(bench: Bench, run: RetryRun) -> None:
    bench.turn()
    bench.turn()
    stop_run(actor=SYSTEM, run=run)
    bench.until(lambda: now(run).state == "stopped")

    sent = 10 - DeadLetter.objects.waiting().count()
    assert 0 < sent < 10
    assert now(run).note == f"A person stopped it. {10 - sent} were not sent."
    bench.until(lambda: counts(run).get("handled") == sent)

    assert resume_run(actor=SYSTEM, run=run) == 10 - sent
    bench.until(lambda: counts(run) == {"handled": 10})
    assert sorted(bench.handled) == list(range(10)), "each once"
    assert now(run).state == "done"


def test_who_leads_next_goes_on_where_the_last_one_ended(bench: Bench, run: RetryRun) -> None:
    bench.turn()
    assert now(run).state == "running"
    bench.session._sources.close()
    bench.session = bench.lead(bench.leadership)
    bench.until(lambda: counts(run) == {"handled": 10})
    assert sorted(bench.handled) == list(range(10))


def test_what_was_confirmed_and_not_marked_is_sent_twice_and_never_lost(
    bench: Bench, run: RetryRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(sending, "mark_sent", die)
        with pytest.raises(Killed):
            bench.turn()
    bench.until(lambda: counts(run) == {"handled": 10})
    assert set(bench.handled) == set(range(10))
    assert len(bench.handled) == 12, "the chunk that was not marked came twice"


def test_one_first_then_the_others(bench: Bench) -> None:
    bench.publish(*range(5))
    bench.taken_in(5)
    bench.wrong = None
    run = retry_dead_letters(actor=SYSTEM, chosen=ALL, careful=True)
    bench.session._due.clear()
    runs.advance_all(bench.session._link, bench.session._fence)
    runs.advance_all(bench.session._link, bench.session._fence)
    assert counts(run) == {"sent": 1, "prepared": 4}, "it waits for word about the first"
    bench.until(lambda: counts(run) == {"handled": 5})
    assert now(run).state == "done"


def test_when_the_first_one_fails_again_the_others_are_left_alone(bench: Bench) -> None:
    bench.publish(*range(5))
    bench.taken_in(5)
    run = retry_dead_letters(actor=SYSTEM, chosen=ALL, careful=True)

    bench.until(lambda: now(run).state == "stopped")

    assert counts(run) == {"failed_again": 1, "waiting": 4}
    assert now(run).note == (
        "The first one failed again: ValueError: the archive is closed. 4 were not sent."
    )
    # Mended now: it tries another one first, then sends the rest.
    bench.wrong = None
    resume_run(actor=SYSTEM, run=run)
    bench.until(lambda: counts(run) == {"failed_again": 1, "handled": 4})


def test_the_first_one_has_one_attempt_so_that_the_answer_comes_soon(bench: Bench) -> None:
    bench.publish(1, 2)
    bench.taken_in(2)
    bench.worker.close(grace=1)
    patient = bench.replace_worker(RetryPolicy(attempts=10, delays_ms=(600_000,)))

    run = retry_dead_letters(actor=SYSTEM, chosen=ALL, careful=True)
    bench.until(lambda: now(run).state == "stopped")
    assert counts(run) == {"failed_again": 1, "waiting": 1}

    # Sent as one of many it has all ten again: nobody gives up within ten minutes.
    retry_dead_letters(actor=SYSTEM, chosen=Chosen(wanted=Wanted(text="archive")))
    bench.until(lambda: _retry_queue(bench) == 2)
    patient.close(grace=1)


def _retry_queue(bench: Bench) -> int:
    state = bench.link.look("retry__meca-exporter__600000")
    return state.waiting if state else 0


def test_without_word_it_does_not_wait_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.publish(1, 2)
    bench.taken_in(2)
    bench.worker.close(grace=1)
    run = retry_dead_letters(actor=SYSTEM, chosen=ALL, careful=True)
    bench.until(lambda: now(run).tried is not None)
    monkeypatch.setattr(runs, "PATIENCE", timedelta(0))
    bench.until(lambda: now(run).state == "stopped")
    assert now(run).note == (
        "Nobody said within 10 minutes what became of the first one. 1 was not sent."
    )
    assert counts(run) == {"sent": 1, "waiting": 1}


def test_one_whose_queue_is_gone_comes_back_and_says_so(bench: Bench) -> None:
    bench.publish("nowhere to go")
    (letter,) = bench.taken_in()
    bench.worker.close(grace=1)
    bench.broker.delete_queue(letter.queue)

    run = retry_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[letter.pk]))
    bench.until(lambda: counts(run) == {"failed_again": 1})

    (again,) = bench.taken_in()
    assert (again.reason, again.retried_from) == ("stray", letter)
    assert again.queue == letter.queue
    assert dead_letters("meca-exporter") not in again.error
    assert "there was no queue" in again.error


def test_what_was_retried_is_not_retried_again(bench: Bench, run: RetryRun) -> None:
    with pytest.raises(ActionError, match="None of these waits any more"):
        retry_dead_letters(actor=SYSTEM, chosen=ALL)
    bench.until(lambda: counts(run) == {"handled": 10}, states())
    assert set(DeadLetter.objects.values_list("state", flat=True)) == {State.HANDLED}


def test_an_ended_run_neither_stops_nor_goes_on(bench: Bench, run: RetryRun) -> None:
    bench.until(lambda: now(run).state == "done")
    with pytest.raises(ActionError, match="ended already"):
        stop_run(actor=SYSTEM, run=run)
    with pytest.raises(ActionError, match="Only a run that was stopped"):
        resume_run(actor=SYSTEM, run=run)
