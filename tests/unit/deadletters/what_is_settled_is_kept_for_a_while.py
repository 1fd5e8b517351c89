"""What waits stays; what is settled goes when it is old, or when there is too much of it."""

from datetime import timedelta

from django.utils import timezone

from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun, State
from eventbus_admin.deadletters.retention import trim
from eventbus_admin.registry.models import Service
from tests.harness.dead_letters import write_dead_letters
from tests.unit.deadletters.conftest import TYPE

DAY = timedelta(days=1)


def left() -> list[int]:
    return list(DeadLetter.objects.order_by("pk").values_list("pk", flat=True))


def test_by_age(service: Service) -> None:
    old, new = timezone.now() - 3 * DAY, timezone.now()
    for state in State:
        write_dead_letters(service, TYPE, state=state, since=old)
        write_dead_letters(service, TYPE, state=state, since=new)
    trim(rows=100, age=2 * DAY)
    kept = set(DeadLetter.objects.filter(since=old).values_list("state", flat=True))
    assert kept == {State.WAITING, State.RETRYING}
    assert DeadLetter.objects.filter(since=new).count() == len(State)


def test_by_number_the_oldest_first(service: Service) -> None:
    now = timezone.now()
    write_dead_letters(service, TYPE, since=now - DAY)
    for hours in range(5, 0, -1):
        since = now - timedelta(hours=hours)
        write_dead_letters(service, TYPE, state=State.HANDLED, since=since)
    trim(rows=2, age=9 * DAY)
    assert left() == [1, 5, 6]


def test_with_the_last_of_them_its_cause_and_its_run_go(service: Service) -> None:
    write_dead_letters(service, TYPE, state=State.DISCARDED, since=timezone.now() - 9 * DAY)
    RetryRun.objects.update(state="done", created=timezone.now() - 9 * DAY)
    trim(rows=10, age=DAY)
    assert not DeadLetter.objects.exists()
    assert not Cause.objects.exists()
    assert not RetryRun.objects.exists()
