"""Carrying out runs, in the one process that leads: one step of each at a time.

A run's set is the dead letters that point to it. What is prepared and not sent says so by its
state, so whoever leads next goes on where the last one ended.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from bus_core.errors import BusError
from bus_core.link import Link
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.sending import CHUNK, send_chunk
from eventbus_admin.reconcile.lease import Fence

AT_ONCE = 20
"""So many runs are worked on beside each other; others wait for their turn."""
PATIENCE = timedelta(minutes=10)
"""How long a careful run waits for word about the one that it sent first."""


def advance_all(link: Link, fence: Fence) -> bool:
    """Take each active run a step further; returns whether there is more to send at once."""
    active = RetryRun.objects.active().select_related("tried__service")
    active = active.defer("tried__body", "tried__properties").order_by("created")
    more = [advance(link, fence, run) for run in active[:AT_ONCE]]
    return any(more)


def advance(link: Link, fence: Fence, run: RetryRun) -> bool:
    """Take a run a step further; returns whether there is more to send at once.

    A broker that is away is noted, and waited for.
    """
    if run.state == RetryRun.Progress.QUEUED:
        _change(fence, run, state=RetryRun.Progress.RUNNING, started=timezone.now(), note="")
    if run.stop:
        _end(fence, run, "A person stopped it.")
        return False
    tries = run.careful and run.tried is None
    if run.careful and not tries and not _proven(fence, run):
        return False
    chosen = run.letters.filter(state=State.RETRYING).order_by("pk")
    first = chosen.light().first()
    if first is None:
        _change(
            fence, run, state=RetryRun.Progress.DONE, finished=timezone.now(), note=_left_over(run)
        )
        return False
    try:
        problem = send_chunk(link, fence, run, limit=1 if tries else CHUNK, once=tries)
    except BusError as error:
        problem = f"The broker does not answer: {error}. It is tried again."
    if tries and not problem:
        _change(fence, run, tried=first)
    if run.note != problem:
        _change(fence, run, note=problem)
    return not problem and not tries


def _proven(fence: Fence, run: RetryRun) -> bool:
    """Whether the one that was tried was handled; a run whose first one failed ends here."""
    tried = run.tried
    if tried is None or tried.state == State.HANDLED:
        return True
    if tried.state in {State.RETRIED, State.RETRYING}:
        if timezone.now() - max(tried.sent or tried.since, run.started or tried.since) > PATIENCE:
            _end(fence, run, "Nobody said within 10 minutes what became of the first one.")
        return False
    again = tried.came_back.order_by("pk").last()
    _end(fence, run, f"The first one failed again: {(again or tried).last_line}")
    return False


def _end(fence: Fence, run: RetryRun, why: str) -> None:
    """Let what was not sent wait again; it stays in the run, which may go on later."""
    with transaction.atomic():
        fence.hold()
        left = run.letters.filter(state=State.RETRYING).update(
            state=State.WAITING, since=timezone.now()
        )
        if left:
            why = f"{why.rstrip('.')}. {left:,} {'was' if left == 1 else 'were'} not sent."
        _change(
            fence,
            run,
            state=RetryRun.Progress.STOPPED,
            finished=timezone.now(),
            note=why,
            stop=False,
        )


def _left_over(run: RetryRun) -> str:
    kept = run.letters.filter(state=State.WAITING).exclude(note="").count()
    return f"{kept:,} could not be sent and wait again; each says why." if kept else ""


def _change(fence: Fence, run: RetryRun, **values: object) -> None:
    with transaction.atomic():
        fence.hold()
        for name, value in values.items():
            setattr(run, name, value)
        # Only what changed: a person may have asked meanwhile for it to stop.
        run.save(update_fields=list(values))


def counts(run: RetryRun) -> dict[str, int]:
    """Return how many of a run's dead letters stand where; one query."""
    rows = DeadLetter.objects.filter(run=run).order_by().values_list("state")
    return dict(rows.annotate(number=Count("pk")))
