"""Sending a run's dead letters to their own subscriptions again, a chunk at a time."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future

from django.db import transaction
from django.utils import timezone

from bus_core import dead_letters
from bus_core.errors import BusError, InvalidEvent, PublishTimeout
from bus_core.link import Link
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.taking_in import RETRIED_FROM
from eventbus_admin.journal.models import Outcome
from eventbus_admin.reconcile.lease import Fence

CHUNK = 100
CHUNK_BYTES = 16 * 1024 * 1024
SEND_SECONDS = 10.0


def send_chunk(
    link: Link, fence: Fence, run: RetryRun, *, limit: int = CHUNK, once: bool = False
) -> str:
    """Send the next of a run's dead letters and mark those that the broker has.

    With `once` the next failure of each is its last. Returns why some were not sent, as a
    sentence; those are tried again. A crash between the broker's confirm and the mark makes a
    duplicate, never a loss. Call it outside of a transaction. Raises a `BusError` when the broker
    is away, and `LeaseLost`.
    """
    letters = _next(run, limit)
    _note_what_is_known(letters)
    _make_ready(link, letters)
    sending = [(letter, _send(link, letter, once=once)) for letter in letters]
    sent, problem = [], ""
    for letter, future in sending:
        error = _error_of(future)
        if error is None:
            sent.append(letter)
        elif isinstance(error, InvalidEvent):
            _put_back(letter, error)
        else:
            problem = f"The broker does not take them: {error}. It is tried again."
    mark_sent(fence, sent)
    return problem


def mark_sent(fence: Fence, letters: Sequence[DeadLetter]) -> None:
    """Note that the broker has these; raises `LeaseLost`, with nothing noted."""
    now = timezone.now()
    with transaction.atomic():
        fence.hold()
        for one in letters:
            one.state, one.since, one.sent, one.note = State.RETRIED, now, now, ""
        DeadLetter.objects.bulk_update(letters, ["state", "since", "sent", "note", "heard"])


def _next(run: RetryRun, limit: int) -> list[DeadLetter]:
    """Return the next ones, as many as fit into memory."""
    prepared = run.letters.filter(state=State.RETRYING).order_by("pk")
    chosen: list[int] = []
    size = 0
    for pk, length in prepared.values_list("pk", "size")[:limit]:
        size += length
        if chosen and size > CHUNK_BYTES:
            break
        chosen.append(pk)
    found = DeadLetter.objects.filter(pk__in=chosen).select_related("service").order_by("pk")
    return list(found)


def _note_what_is_known(letters: Sequence[DeadLetter]) -> None:
    """Remember what was reported so far: whatever is later is about this sending."""
    known = Outcome.objects.filter(event_id__in=[one.event_id for one in letters])
    latest = {(one.event_id, one.service): one.at for one in known}
    for one in letters:
        one.heard = latest.get((one.event_id, one.service.name))


def _make_ready(link: Link, letters: Sequence[DeadLetter]) -> None:
    """See to it that the ways to their queues are open.

    One whose queue is gone is sent all the same: it comes back as a dead letter that says so.
    """
    by_service: defaultdict[str, list[dead_letters.DeadLetter]] = defaultdict(list)
    for one in letters:
        by_service[one.service.name].append(described(one))
    for service, those in by_service.items():
        dead_letters.open_targets(link, service, those, timeout=SEND_SECONDS)


def described(letter: DeadLetter) -> dead_letters.DeadLetter:
    """Return a row as the library knows it."""
    delivery = wire.delivery_of(letter.properties, letter.body, letter.queue)
    return dead_letters.describe(delivery, letter.service.name)


def _send(link: Link, letter: DeadLetter, *, once: bool) -> "Future[None]":
    return dead_letters.send_again(
        link,
        letter.service.name,
        described(letter),
        timeout=SEND_SECONDS,
        headers={RETRIED_FROM: letter.key.hex},
        once=once,
    )


def _error_of(future: "Future[None]") -> BusError | None:
    try:
        future.result(SEND_SECONDS + 1)
    except BusError as error:
        return error
    except TimeoutError:
        return PublishTimeout("it did not confirm in time")
    return None


def _put_back(letter: DeadLetter, error: InvalidEvent) -> None:
    """Let one that can never be sent wait again, with the reason."""
    DeadLetter.objects.filter(pk=letter.pk).update(
        state=State.WAITING, since=timezone.now(), note=f"It cannot be sent: {error}."
    )
