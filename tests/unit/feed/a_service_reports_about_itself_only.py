"""Whoever has credentials of ours can forge no report about another service."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from bus_core.message import Message
from bus_core.reports import Announcement, Receipt, encode_announcement, encode_receipts
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.pump import Pump
from eventbus_admin.journal.entries import Seen
from eventbus_admin.journal.models import Outcome, WorkerPresence

pytestmark = pytest.mark.django_db
ME = "meca-exporter"


@pytest.fixture(autouse=True)
def _rabbitmq(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://admin:x@broker.example.org/events"


def receipt(service: str) -> Receipt:
    return Receipt(
        event_id=f"A_{service}",
        event_type="A",
        service=service,
        outcome="handled",
        attempts=1,
        ms=1.0,
        at=timezone.now().isoformat(),
        worker="w",
    )


def announcement(service: str) -> Announcement:
    return Announcement(
        service=service, worker="w", host="h", pid=1, version="1", subscriptions=("A",)
    )


def report(*messages: Message) -> tuple[set[str], set[str]]:
    """Return of which services something was believed: receipts, announcements."""
    broadcaster = Broadcaster()
    pump = Pump(broadcaster)
    for message in messages:
        pump.reports.put(Seen(message, "bus__reports", timezone.now()), len(message.body))
    pump.move()
    broadcaster.close()
    return (
        set(Outcome.objects.values_list("service", flat=True)),
        set(WorkerPresence.objects.values_list("service", flat=True)),
    )


def sent_by(user: str | None) -> tuple[Message, ...]:
    """Reports about two services, from this user of the broker."""
    messages = (
        encode_receipts(ME, [receipt(ME), receipt("other")]),
        encode_announcement(announcement("other")),
        encode_announcement(announcement(ME)),
    )
    return tuple(replace(one, user_id=user) for one in messages)


@pytest.mark.parametrize("slot", ["a", "b"])
def test_it_speaks_for_itself(slot: str) -> None:
    assert report(*sent_by(f"bus__{ME}__{slot}@events")) == ({ME}, {ME})


def test_without_a_name_it_speaks_for_nobody() -> None:
    assert report(*sent_by(None)) == (set(), set())


@pytest.mark.parametrize("user", ["guest", f"bus__{ME}__a", f"bus__{ME}__a@elsewhere"])
def test_users_that_are_not_ours_speak_for_whom_they_like(user: str) -> None:
    assert report(*sent_by(user))[0] == {ME, "other"}


def test_the_embedded_broker_knows_no_users(settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    assert report(*sent_by(None))[0] == {ME, "other"}
