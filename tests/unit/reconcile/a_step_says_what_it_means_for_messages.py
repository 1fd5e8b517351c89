"""Each step says what it, or mending it, means for messages: from the counts and the rates."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.topology import (
    Queue,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.broker.interface import BrokerInfo, Observation, QueueState
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.broker.users import BrokerUser
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.rates import rates
from eventbus_admin.reconcile.access import Access
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.impact import Traffic, once, waiting, with_impact
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, Run
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import make_plan
from tests.unit.reconcile.brokers import fill

Make = Callable[..., Any]
BROKER = BrokerInfo(identity="x", name="x", version="")
QUEUE = "consumer__exportRequested__export-manager"
WANTED = merge(
    (
        bus_topology(),
        event_type_topology("exportRequested"),
        service_topology("export-manager", (1000,)),
        subscription_topology("exportRequested", "export-manager"),
    )
)


def impacts(
    seen: Observation, rates: dict[str, float] | None = None, access: Access | None = None
) -> dict[str, str]:
    """Return what each step of the plan means, by kind and name."""
    plan = only_ours(make_plan(seen, WANTED, access or Access()))
    steps = with_impact(plan, seen, rates or {}).steps
    return {f"{one.object} {one.name}": one.impact for one in steps}


def queue(name: str, **counts: Any) -> QueueState:
    made = Queue(name=name, arguments={"x-queue-type": "quorum", "x-odd": 1})
    return QueueState(queue=made, **counts)


def test_what_is_missing_says_who_gets_what_from_now_on() -> None:
    said = impacts(Observation(broker=BROKER), {"exportRequested": 37.4})
    gets = "exportRequested runs at about 40 a minute; from now on export-manager gets it."
    assert said[f"queue {QUEUE}"] == gets
    assert said[f"binding event__exportRequested → {QUEUE}"] == gets
    assert said["exchange event__exportRequested"] == (
        "exportRequested runs at about 40 a minute; it can be published from now on."
    )
    assert said[f"binding service__export-manager → {QUEUE} [{QUEUE}]"] == (
        "From now on retries of exportRequested come back to export-manager."
    )


def test_every_step_says_something() -> None:
    said = impacts(Observation(broker=BROKER))
    assert all(sentence.endswith(".") for sentence in said.values())
    assert len(said) == len(WANTED.exchanges + WANTED.queues + WANTED.bindings + WANTED.policies)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, "No exportRequested was seen in the last minutes"),
        (0.2, "exportRequested runs at less than one a minute"),
        (1, "exportRequested runs at about 1 a minute"),
        (8.6, "exportRequested runs at about 9 a minute"),
        (143, "exportRequested runs at about 140 a minute"),
        (12_345, "exportRequested runs at about 12,000 a minute"),
    ],
)
def test_a_rate_is_said_in_few_figures(rate: float | None, words: str) -> None:
    known = {} if rate is None else {"exportRequested": float(rate)}
    said = impacts(Observation(broker=BROKER), known)
    assert said[f"queue {QUEUE}"].startswith(words + ";")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"ready": 1200, "unacked": 4}, "1,204 events wait in it, nobody reads them."),
        ({"ready": 1}, "1 event waits in it, nobody reads it."),
        ({"ready": 3, "consumers": 1}, "3 events wait in it, 1 consumer reads it."),
        ({"consumers": 2}, "It is empty, 2 consumers read it."),
        ({"ready": 3, "consumers": None}, "3 events wait in it."),
        ({"ready": 3, "state": "minority"}, ""),
    ],
)
def test_a_queue_says_what_waits_and_who_reads(counts: dict[str, Any], words: str) -> None:
    assert waiting(queue("q", **counts)) == words


def test_a_blocked_queue_says_what_is_at_stake() -> None:
    seen = Observation(broker=BROKER, queues=(queue(QUEUE, ready=1204),))
    assert impacts(seen, {"exportRequested": 40})[f"queue {QUEUE}"] == (
        "1,204 events wait in it, nobody reads them. exportRequested runs at about 40 a minute."
    )


def test_adopting_moves_nothing() -> None:
    seen = Observation(broker=BROKER, queues=(queue("consumer__Gone__export-manager", ready=2),))
    assert impacts(seen)["queue consumer__Gone__export-manager"] == (
        "2 events wait in it, nobody reads them. No Gone was seen in the last minutes. "
        "Adopting it moves no event."
    )


def test_a_user_that_goes_says_what_stays() -> None:
    user = BrokerUser(name="bus__export-manager__a", password_hash="x")
    seen = Observation(broker=BROKER, users=(user,), queues=(queue(QUEUE, ready=7),))
    access = Access(revoked=(user.name,))
    assert impacts(seen, access=access)[f"user {user.name}"] == (
        "export-manager's connections under this name are closed at once. 7 events stay in its "
        "queues."
    )


def test_a_sentence_is_said_once() -> None:
    assert once(["a", "", "b", "a"]) == ["a", "b"]
    assert Traffic().held_for("nobody") == 0


# -- rates ---------------------------------------------------------------------------------------


def journaled(event_type: str, number: int, seconds_ago: float) -> None:
    seen = timezone.now() - timedelta(seconds=seconds_ago)
    have = JournalEntry.objects.count()
    JournalEntry.objects.bulk_create(
        JournalEntry(
            event_id=f"{event_type}_{have + one}",
            type=event_type,
            correlation_id="c",
            created=seen,
            seen=seen,
        )
        for one in range(number)
    )


@pytest.mark.django_db
def test_rates_are_of_the_last_five_minutes(django_assert_num_queries: Any) -> None:
    journaled("A", 50, 60)
    journaled("A", 50, 3600)
    journaled("B", 1, 200)
    with django_assert_num_queries(1):
        assert rates() == {"A": 10, "B": 0.2}


@pytest.mark.django_db
def test_a_journal_that_does_not_reach_back_so_far_still_tells_the_rate(settings: Any) -> None:
    settings.EVENTBUS_JOURNAL_ROWS = 100
    journaled("A", 100, 30)
    assert rates()["A"] == pytest.approx(200, rel=0.05)


# -- stored --------------------------------------------------------------------------------------


def test_it_is_stored_with_the_object(
    broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    MemoryLink(memory).declare(
        event_type_topology("A") + service_topology("s") + subscription_topology("A", "s")
    )
    fill(memory, "consumer__A__s", 3)
    journaled("A", 200, 10)
    reconcile_once(broker, fence=fence)
    row = BrokerObject.objects.get(name="consumer__A__s")
    assert row.impact == (
        "3 events wait in it, nobody reads them. A runs at about 40 a minute. "
        "Adopting it moves no event."
    )


def test_what_is_in_order_says_nothing(
    make_subscription: Make, broker: MockBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    assert set(BrokerObject.objects.values_list("impact", flat=True)) == {""}
    assert not Run.objects.exists()
