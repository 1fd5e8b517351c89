"""Runs: the record of each time that a plan was carried out, asked for by a person or not."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from eventbus_admin.reconcile.apply import StepResult
from eventbus_admin.reconcile.cycle import Round
from eventbus_admin.reconcile.models import Run
from eventbus_admin.reconcile.plan import Item
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.reconcile.store import storable

KEPT = 500
"""So many runs that nobody asked for are kept."""


def claim() -> Run | None:
    """Take the oldest run that waits; each is taken once."""
    waiting = Run.objects.filter(state=Run.State.QUEUED).order_by("created").first()
    if waiting is None:
        return None
    now = timezone.now()
    mine = Run.objects.filter(pk=waiting.pk, state=Run.State.QUEUED)
    if not mine.update(state=Run.State.RUNNING, started=now):
        return None
    waiting.state, waiting.started = Run.State.RUNNING, now
    return waiting


def requeue_abandoned() -> None:
    """Queue again what an earlier leader left half done; a new leader calls it once.

    Carrying out a step twice does no harm.
    """
    Run.objects.filter(state=Run.State.RUNNING).update(state=Run.State.QUEUED)


def policy_of(run: Run) -> ApplyAll:
    """Return what the run is to apply."""
    return ApplyAll(None if run.names is None else frozenset(run.names))


def finish(run: Run, done: Round) -> None:
    """Store how a run ended."""
    run.steps = [_step(one) for one in done.results]
    run.revision = done.wishes.revision
    run.error = done.error or _summary(done.results)
    run.state = Run.State.FAILED if run.error else Run.State.DONE
    run.finished = timezone.now()
    run.save(update_fields=("steps", "revision", "error", "state", "finished"))


def fail(run: Run, error: str) -> None:
    """Store that a run ended without a result."""
    run.state, run.error, run.finished = Run.State.FAILED, error, timezone.now()
    run.save(update_fields=("state", "error", "finished"))


def record(done: Round, reason: str) -> Run | None:
    """Keep what the loop did by itself, if it did anything, and return it.

    What it only tried in vain, again and again, is told by the objects.
    """
    if not any(one.done for one in done.results):
        return None
    run = Run(reason=reason, state=Run.State.RUNNING, started=timezone.now())
    run.save(force_insert=True)
    finish(run, done)
    ours = Run.objects.filter(requested_by=None).exclude(reason="").order_by("-created")
    if beyond := list(ours.values_list("pk", flat=True)[KEPT : KEPT + 50]):
        Run.objects.filter(pk__in=beyond).delete()
    return run


def pending_steps(items: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Return the steps of a run that waits, given kind, object and name of each."""
    return [
        {
            "kind": kind,
            "object": thing,
            "name": name,
            "reason": "",
            "result": "pending",
            "error": "",
        }
        for kind, thing, name in items
    ]


def _step(result: StepResult) -> dict[str, Any]:
    item: Item = result.item
    return {
        "kind": item.step or "",
        "object": item.object.value,
        "name": storable(item.name),
        "reason": storable(item.reason),
        "result": "done" if result.done else "failed",
        "error": storable(result.error),
    }


def _summary(results: Sequence[StepResult]) -> str:
    failed = [one for one in results if not one.done]
    if not failed:
        return ""
    first = storable(failed[0].error)
    return f"{len(failed)} of {len(results)} steps failed; the first: {first}"
