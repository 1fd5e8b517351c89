"""What people do with dead letters; each of it asks for the right and leaves an audit entry."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from bus_core.dead_letters import describe
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.audit.recording import record
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.choosing import Chosen, require_rights, require_waiting
from eventbus_admin.deadletters.editing import edited_body
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import DeadLetterQuerySet
from eventbus_admin.deadletters.taking_in import new_identity, write_row
from eventbus_admin.journal.entries import journal_id
from eventbus_admin.payloads.policy import sight_of
from eventbus_admin.registry.errors import ActionError


@dataclass(frozen=True)
class Discarded:
    """What was discarded; by its id it can be undone."""

    id: UUID
    count: int


@transaction.atomic
def retry_dead_letters(*, actor: Actor, chosen: Chosen, careful: bool = False) -> RetryRun:
    """Have those of the chosen that wait sent to their own subscriptions again, by the leader.

    The set is fixed here; what comes later is not in it. `careful` sends one first, and the
    others only once that one was handled. Raises `NotAllowed`, and `ActionError` when none waits
    or nobody can tell which queue they belong to.
    """
    waiting = require_waiting(actor, chosen, "retried")
    run = _new_run(actor, chosen.words, careful=careful)
    run.total = _move(waiting.exclude(queue=""), State.RETRYING, run=run)
    if not run.total:
        raise ActionError(
            "no_queue", "Nobody can tell which queue these belong to, so they cannot be retried."
        )
    run.save(update_fields=("total",))
    record(
        actor=actor,
        verb="retried",
        object_kind="retry_run",
        object_name=str(run.pk),
        after={"dead_letters": run.total, "chosen": run.what, "one_first": careful},
    )
    return run


@transaction.atomic
def discard_dead_letters(*, actor: Actor, chosen: Chosen) -> Discarded:
    """Put those of the chosen that wait aside.

    They are kept as long as anything that is settled, and until then it can be undone. Raises
    `NotAllowed`, and `ActionError` when none waits.
    """
    waiting = require_waiting(actor, chosen, "discarded")
    discard = uuid4()
    words = chosen.words
    count = _move(waiting, State.DISCARDED, discard=discard)
    record(
        actor=actor,
        verb="discarded",
        object_kind="dead_letters",
        object_name=words[:255],
        after={"dead_letters": count, "discard": str(discard)},
    )
    return Discarded(discard, count)


@transaction.atomic
def undo_discard(*, actor: Actor, discard: UUID) -> int:
    """Let what was discarded together wait again; returns how many that are.

    Raises `NotAllowed`, and `ActionError` when nothing of it is left.
    """
    letters = DeadLetter.objects.filter(discard=discard, state=State.DISCARDED)
    require_rights(actor, letters, "restored")
    count = letters.update(state=State.WAITING, since=timezone.now(), discard=None)
    if not count:
        raise ActionError("unknown_discard", "Nothing of this is left that could be restored.")
    record(
        actor=actor,
        verb="restored",
        object_kind="dead_letters",
        object_name=f"discarded as {discard}",
        after={"dead_letters": count},
    )
    return count


@transaction.atomic
def edit_and_retry(*, actor: Actor, letter: DeadLetter, text: str) -> RetryRun:
    """Send a dead letter again with another payload; the original is kept beside it.

    `text` is JSON: the payload, or the whole body of what could not be decoded. Raises
    `NotAllowed`, and `ActionError` when it does not wait any more or the text will not do.
    """
    rows = DeadLetter.objects.select_for_update(of=("self",), no_key=True)
    letter = rows.select_related("service").get(pk=letter.pk)
    chosen = Chosen(ids=[letter.pk])
    require_waiting(actor, chosen, "retried")
    if not sight_of(actor).shows(letter.event_type, letter.seen_as):
        raise NotAllowed("What it holds is hidden from you. Reveal it before you edit it.")
    if not letter.queue:
        raise ActionError("no_queue", "Nobody can tell which queue this one belongs to.")
    edited = _edited(letter, text, actor)
    run = _new_run(actor, f"{chosen.words}, edited", careful=False)
    edited.run, run.total = run, 1
    write_row(edited)
    run.save(update_fields=("total",))
    _move(DeadLetter.objects.filter(pk=letter.pk), State.EDITED)
    record(
        actor=actor,
        verb="edited",
        object_kind="dead_letter",
        object_name=str(letter.pk),
        after={"dead_letter": edited.pk, "bytes": edited.size},
    )
    return run


@transaction.atomic
def stop_run(*, actor: Actor, run: RetryRun) -> None:
    """Have a run stop after the ones that are on their way; the others wait again.

    Raises `NotAllowed`, and `ActionError` when it has ended.
    """
    run = _locked(actor, run, "stopped")
    if not run.active:
        raise ActionError("ended", "This run has ended already.")
    run.stop = True
    run.save(update_fields=("stop",))
    _record_run(actor, "stopped", run)


@transaction.atomic
def resume_run(*, actor: Actor, run: RetryRun) -> int:
    """Have a stopped run go on with those of its set that still wait; returns how many.

    Raises `NotAllowed`, and `ActionError` when it did not stop, or none of them waits.
    """
    run = _locked(actor, run, "retried")
    if run.state != RetryRun.Progress.STOPPED:
        raise ActionError("not_stopped", "Only a run that was stopped can go on.")
    count = _move(DeadLetter.objects.filter(run=run), State.RETRYING)
    if not count:
        raise ActionError("not_waiting", "None of these waits any more.")
    if run.tried is not None and run.tried.state not in {State.RETRIED, State.HANDLED}:
        run.tried = None
    run.state, run.stop, run.note, run.finished = RetryRun.Progress.QUEUED, False, "", None
    run.save(update_fields=("state", "stop", "note", "finished", "tried"))
    _record_run(actor, "resumed", run)
    return count


def _move(letters: DeadLetterQuerySet, state: State, **values: object) -> int:
    # The state once more outside of the subquery: two who choose the same at once must not both
    # get it, and PostgreSQL looks at the outer condition again when it has waited for a row.
    rows = DeadLetter.objects.filter(pk__in=letters.order_by().values("pk"), state=State.WAITING)
    return rows.update(state=state, since=timezone.now(), note="", **values)


def _new_run(actor: Actor, what: str, *, careful: bool) -> RetryRun:
    run = RetryRun(
        requested_by=actor.user, requested_by_name=actor.name[:150], what=what, careful=careful
    )
    run.save(force_insert=True)
    return run


def _edited(letter: DeadLetter, text: str, actor: Actor) -> DeadLetter:
    delivery = wire.delivery_of(letter.properties, letter.body, letter.queue)
    body = edited_body(delivery, text)
    said = describe(wire.delivery_of(letter.properties, body, letter.queue), letter.service.name)
    now = timezone.now()
    return DeadLetter(
        identity=new_identity(),
        service=letter.service,
        cause_id=letter.cause_id,
        queue=letter.queue,
        event_type=letter.event_type,
        event_id=journal_id(said.id),
        correlation_id=journal_id(said.event.correlation_id) if said.event else "",
        reason=letter.reason,
        attempts=letter.attempts,
        worker=letter.worker,
        died=letter.died,
        taken_in=now,
        decodable=True,
        size=len(body),
        state=State.RETRYING,
        since=now,
        original=letter,
        edited_by=actor.name[:150],
        error=letter.error,
        properties=letter.properties,
        body=body,
    )


def _locked(actor: Actor, run: RetryRun, to: str) -> RetryRun:
    run = RetryRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
    require_rights(actor, DeadLetter.objects.filter(run=run), to)
    return run


def _record_run(actor: Actor, verb: str, run: RetryRun) -> None:
    record(
        actor=actor,
        verb=verb,
        object_kind="retry_run",
        object_name=str(run.pk),
        after={"chosen": run.what},
    )
