"""Who is at work, by what workers announce."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bus_core.reports import Announcement
from eventbus_admin.journal.models import WorkerPresence
from eventbus_admin.journal.presences import record_announcements
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.journal.retention import trim

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HELLO = Announcement(
    service="meca-exporter",
    worker="host/1/a",
    host="host",
    pid=1,
    version="0.1.0",
    subscriptions=("beginMecaExport",),
    started="2026-11-23T11:00:00Z",
)


def test_an_announcement_makes_it_present(db: None) -> None:
    record_announcements([(HELLO, NOON)])
    later = replace(HELLO, paused=("beginMecaExport",))
    record_announcements([(later, NOON + timedelta(seconds=30))])

    one = WorkerPresence.objects.get()
    assert (one.service, one.subscriptions, one.paused) == (
        "meca-exporter",
        ["beginMecaExport"],
        ["beginMecaExport"],
    )
    assert one.started == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert one.last_seen == NOON + timedelta(seconds=30)


def test_a_worker_that_leaves_is_gone_at_once(db: None) -> None:
    record_announcements([(HELLO, NOON), (replace(HELLO, worker="host/2/b"), NOON)])
    record_announcements([(replace(HELLO, leaving=True), NOON)])

    assert WorkerPresence.objects.get().worker == "host/2/b"


def test_the_last_of_several_announcements_counts(db: None) -> None:
    record_announcements([(replace(HELLO, leaving=True), NOON), (HELLO, NOON)])
    assert WorkerPresence.objects.count() == 1
    record_announcements([(HELLO, NOON), (replace(HELLO, leaving=True), NOON)])
    assert WorkerPresence.objects.count() == 0


def test_a_silent_worker_is_not_shown_and_then_forgotten(db: None) -> None:
    record_announcements([(HELLO, NOON)])

    assert workers_present(NOON + timedelta(seconds=60)).count() == 1
    assert workers_present(NOON + timedelta(seconds=120)).count() == 0
    trim(now=NOON + timedelta(minutes=11))
    assert WorkerPresence.objects.count() == 0


def test_announcements_that_make_no_sense_are_left_out(db: None) -> None:
    nonsense = [
        replace(HELLO, worker=""),
        replace(HELLO, worker="w" * 300),
        replace(HELLO, worker="x", service="no__name"),
        replace(HELLO, worker="y", started="yesterday"),
    ]
    record_announcements([(one, NOON) for one in [*nonsense, HELLO]])

    assert WorkerPresence.objects.get().worker == HELLO.worker
