"""Receipts come late, twice and in any order; what is shown only moves forward."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bus_core.reports import Receipt
from eventbus_admin.journal.models import Outcome
from eventbus_admin.journal.outcomes import record_receipts

MakeReceipt = Callable[..., Receipt]


def told() -> tuple[str, int]:
    one = Outcome.objects.get()
    return one.outcome, one.attempts


def test_the_newest_attempt_wins_in_whatever_order_receipts_arrive(
    db: None, receipt: MakeReceipt
) -> None:
    receipts = [
        receipt("retried", 1, second=1, error="no route"),
        receipt("retried", 2, second=2, error="still no route"),
        receipt("handled", 3, second=3),
    ]
    for order in itertools.permutations(receipts):
        Outcome.objects.all().delete()
        for one in order:
            record_receipts([one])
        assert told() == ("handled", 3)
        Outcome.objects.all().delete()
        record_receipts(order)
        assert told() == ("handled", 3)


@pytest.mark.parametrize("final", ["handled", "dead"])
@pytest.mark.parametrize("late", ["retried", "returned"])
def test_a_late_report_of_an_earlier_attempt_changes_nothing(
    db: None, receipt: MakeReceipt, final: str, late: str
) -> None:
    record_receipts([receipt(final, 3, second=1)])

    assert record_receipts([receipt(late, 2, second=9), receipt(late, 3, second=9)]) == []
    assert told() == (final, 3)


def test_a_dead_letter_that_was_sent_again_and_handled_is_handled(
    db: None, receipt: MakeReceipt
) -> None:
    record_receipts([receipt("dead", 10, second=1)])
    record_receipts([receipt("handled", 1, second=2)])

    assert told() == ("handled", 1)


def test_a_later_attempt_after_the_end_is_shown(db: None, receipt: MakeReceipt) -> None:
    record_receipts([receipt("dead", 3, second=1)])
    record_receipts([receipt("retried", 4, second=2)])

    assert told() == ("retried", 4)


def test_the_same_receipt_twice_is_told_once(db: None, receipt: MakeReceipt) -> None:
    assert len(record_receipts([receipt(), receipt()])) == 1
    assert record_receipts([receipt()]) == []


def test_services_do_not_speak_for_each_other(db: None, receipt: MakeReceipt) -> None:
    record_receipts([receipt("handled"), receipt("dead", service="crossref-exporter")])

    assert {(one.service, one.outcome) for one in Outcome.objects.all()} == {
        ("meca-exporter", "handled"),
        ("crossref-exporter", "dead"),
    }


@pytest.mark.parametrize(
    "nonsense",
    [
        {"outcome": "celebrated"},
        {"service": "no__name"},
        {"event_type": ""},
        {"event_id": 7},
        {"attempts": "many"},
        {"ms": None},
    ],
)
def test_receipts_that_make_no_sense_are_left_out(
    db: None, receipt: MakeReceipt, nonsense: dict[str, Any]
) -> None:
    fields = {"event_id": "e1", **nonsense}

    assert record_receipts([receipt(**fields), receipt(event_id="e2")])
    assert Outcome.objects.get().event_id == "e2"


def test_what_a_receipt_says_is_bounded(db: None, receipt: MakeReceipt) -> None:
    record_receipts([receipt("retried", 2**70, error="x" * 10_000, worker="w" * 1_000, ms=-1)])

    one = Outcome.objects.get()
    assert (one.attempts, len(one.error), len(one.worker), one.ms) == (2**31 - 1, 2_000, 255, 0)


def test_a_thousand_receipts_take_a_handful_of_queries(
    db: None, receipt: MakeReceipt, django_assert_max_num_queries: Any
) -> None:
    many = [receipt(event_id=f"e{number}") for number in range(1_000)]
    with django_assert_max_num_queries(16):
        record_receipts(many)
    assert Outcome.objects.count() == 1_000
