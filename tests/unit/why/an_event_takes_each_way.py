"""A real event on the embedded broker takes each way, and the answer says which."""

from bus_core.topology import Binding, event_exchange
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.deadletters.actions import (
    discard_dead_letters,
    edit_and_retry,
    retry_dead_letters,
)
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry import actions
from eventbus_admin.why.findings import Kind, Mark
from tests.unit.why.conftest import QUEUE, SERVICE, TYPE, Site


def reported(site: Site, outcome: str) -> None:
    site.until(lambda: Outcome.objects.filter(outcome=outcome).exists())


def dead(site: Site) -> DeadLetter:
    site.until(DeadLetter.objects.exists)
    return DeadLetter.objects.latest("pk")


def test_it_was_handled(site: Site) -> None:
    site.subscribe()
    site.work()
    event = site.publish()
    reported(site, "handled")

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.ARRIVED
    assert {one.mark for one in answer.findings if one.about != "Its source"} == {Mark.PROVEN}


def test_it_was_published_before_the_subscription(site: Site) -> None:
    event = site.publish()
    site.subscribe()

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.NOT_SUBSCRIBED
    assert f"{SERVICE} had no subscription to {TYPE} then: it is subscribed since" in (
        answer.verdict.sentence
    )


def test_nobody_subscribed(site: Site) -> None:
    assert site.ask(site.publish()).verdict.kind is Kind.NOT_SUBSCRIBED


def test_no_worker_runs(site: Site) -> None:
    site.subscribe()
    event = site.publish()

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.WAITING
    assert f"{SERVICE} has no worker" in answer.verdict.sentence
    assert "1 event waits in its queue" in answer.verdict.sentence


def test_it_is_paused(site: Site) -> None:
    subscription = site.subscribe()
    actions.pause_subscription(actor=SYSTEM, subscription=subscription)
    event = site.publish()

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.PAUSED
    assert f"It waits: {SERVICE} is paused by system since" in answer.verdict.sentence


def test_it_was_retired_before(site: Site) -> None:
    subscription = site.subscribe()
    actions.retire_subscription(actor=SYSTEM, subscription=subscription)
    event = site.publish()

    assert "system retired it at" in site.ask(event).verdict.sentence


def test_it_was_retired_while_the_event_waited(site: Site) -> None:
    subscription = site.subscribe()
    event = site.publish()
    actions.retire_subscription(actor=SYSTEM, subscription=subscription)

    assert site.ask(event).verdict.kind is Kind.RETIRED


def test_it_is_tried_again_later(site: Site) -> None:
    site.subscribe()
    site.wrong = KeyError("title")
    site.work(attempts=3)
    event = site.publish()
    reported(site, "retried")

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.RETRYING
    assert "failed once: KeyError: 'title'. The next attempt" in answer.verdict.sentence


def test_it_gave_up_and_what_became_of_it_then(site: Site) -> None:
    site.subscribe()
    site.wrong = KeyError("title")
    site.work()
    event = site.publish()
    letter = dead(site)
    reported(site, "dead")

    answer = site.ask(event)
    assert answer.verdict.kind is Kind.DEAD
    assert f"{event} reached {SERVICE} once and gave up" in answer.verdict.sentence
    assert answer.opened is not None
    assert answer.opened.step is not None
    assert answer.opened.step.args == (letter.pk,)

    site.wrong = None
    retry_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[letter.pk]))
    site.until(lambda: DeadLetter.objects.filter(state="handled").exists())
    assert site.ask(event).verdict.kind is Kind.ARRIVED


def test_a_person_discarded_it(site: Site) -> None:
    site.subscribe()
    site.wrong = KeyError("title")
    site.work()
    event = site.publish()
    discard_dead_letters(actor=SYSTEM, chosen=Chosen(ids=[dead(site).pk]))

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.DISCARDED
    assert "system discarded it" in answer.verdict.sentence


def test_a_person_edited_it(site: Site) -> None:
    site.subscribe()
    site.wrong = KeyError("title")
    site.work()
    event = site.publish()
    letter = dead(site)
    edit_and_retry(actor=SYSTEM, letter=letter, text='{"title": "Mended"}')

    answer = site.ask(event)

    assert "Edited" in [one.about for one in answer.findings]


def test_its_queue_was_deleted_behind_our_back(site: Site) -> None:
    site.subscribe()
    event = site.publish()
    site.memory.delete_queue(QUEUE)

    answer = site.ask(event)
    assert answer.verdict.kind is Kind.NO_QUEUE
    assert "what it held is gone with it" in answer.verdict.sentence

    # Made again, it is empty: the answer stays.
    reconcile_once(site.broker, fence=site.fence, policy=ApplyAll())
    assert site.ask(event).verdict.kind in {Kind.NO_QUEUE, Kind.UNKNOWN}


def test_its_binding_was_removed_behind_our_back(site: Site) -> None:
    site.subscribe()
    site.memory.unbind(Binding(source=event_exchange(TYPE), queue=QUEUE))
    site.look()
    event = site.publish()

    answer = site.ask(event)

    assert answer.verdict.kind is Kind.NOT_BOUND
    assert [one.mark for one in answer.findings if one.about == "Queue then"] == [Mark.PROVEN]


def test_the_journal_forgot_it(site: Site) -> None:
    site.subscribe()
    site.work()
    event = site.publish()
    reported(site, "handled")
    JournalEntry.objects.all().delete()
    assert site.ask(event).verdict.kind is Kind.ARRIVED

    Outcome.objects.all().delete()
    answer = site.ask(event)
    assert answer.verdict.kind is Kind.UNKNOWN
    assert "The journal holds no event at all" in answer.verdict.sentence


def test_nobody_ever_published_it(site: Site) -> None:
    site.subscribe()
    site.publish()

    answer = site.ask(f"{TYPE}_never")

    assert answer.verdict.kind is Kind.NOT_PUBLISHED
    assert "the journal reaches back to" in answer.verdict.sentence
