"""Runs: the record of each time that a plan was carried out, asked for by a person or not.

The leader takes a run, holds what was agreed to against what it finds (`asked`), and stores how
far it is. Whoever was overtaken meanwhile stores nothing: the run is the next leader's.
"""

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.audit.recording import Deed, audit_group, record_all
from eventbus_admin.journal.entries import keepable
from eventbus_admin.reconcile.apply import StepResult
from eventbus_admin.reconcile.asked import ApplyAsked, PlanChanged, key_of_step
from eventbus_admin.reconcile.cycle import Round
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import Run
from eventbus_admin.reconcile.objects import Key, ObjectKind, step_id
from eventbus_admin.reconcile.plan import Item
from eventbus_admin.reconcile.store import storable

KEPT = 500
"""So many runs that nobody asked for are kept."""
STORE_SECONDS = 0.5
"""Progress is stored no more often than that."""

_DEEDS = {"create": "created", "change": "changed", "delete": "deleted"}
_AUDITED_NAME = 255


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

    What it did is found done, the rest is held against the plan again.
    """
    Run.objects.filter(state=Run.State.RUNNING).update(state=Run.State.QUEUED)


def policy_of(run: Run) -> ApplyAsked:
    """Return what the run is to apply."""
    return ApplyAsked(run.steps, run.broker_id)


class Progress:
    """Stores how far a run is, at most every half second."""

    def __init__(self, run: Run, fence: Fence, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._fence = fence
        self._clock = clock
        self._steps = {key_of_step(step): step for step in run.steps}
        self._stored_at = clock()

    def __call__(self, result: StepResult) -> None:
        """Note what became of a step.

        Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
        """
        self._steps[result.item.key] |= _outcome(result)
        if self._clock() - self._stored_at < STORE_SECONDS:
            return
        with self._fence.writing():
            self._run.save(update_fields=("steps",))
        self._stored_at = self._clock()


def finish(run: Run, done: Round) -> None:
    """Store how a run ended, and who asked for what was done."""
    outcomes = {one.item.key: _outcome(one) for one in done.results}
    # What was not left to do was done before, unless nobody could look.
    otherwise = {"result": "skipped" if done.error and not done.results else "done", "error": ""}
    run.steps = [step | outcomes.get(key_of_step(step), otherwise) for step in run.steps]
    run.error = done.error or _summary(run.steps)
    _end(run, done=set(outcomes))


def refuse(run: Run, changed: PlanChanged) -> None:
    """Store that nothing of a run was touched, because something that it touches has changed."""
    run.steps = [
        step | {"result": "skipped", "error": changed.changes.get(key_of_step(step), "")}
        for step in run.steps
    ]
    run.refused, run.error = True, str(changed)
    _end(run)


def fail(run: Run, error: str) -> None:
    """Store that a run ended without a result."""
    for step in run.steps:
        if step.get("result") == "pending":
            step["result"] = "skipped"
    run.error = error
    _end(run)


@transaction.atomic
def record(done: Round, reason: str) -> Run | None:
    """Keep what was done without a run that asked for it, if anything was.

    What the loop only tried in vain, again and again, is told by the objects.
    """
    if not any(one.done for one in done.results):
        return None
    run = Run(
        reason=reason,
        state=Run.State.RUNNING,
        started=done.began,
        revision=done.wishes.revision,
        broker_id=done.before.broker,
        steps=[_step(one.item) | _outcome(one) for one in done.results],
    )
    run.error = done.error or _summary(run.steps)
    _end(run, done={one.item.key for one in done.results})
    ours = Run.objects.filter(requested_by=None).exclude(reason="").order_by("-created")
    if beyond := list(ours.values_list("pk", flat=True)[KEPT : KEPT + 50]):
        Run.objects.filter(pk__in=beyond).delete()
    return run


@transaction.atomic
def _end(run: Run, done: Collection[Key] = ()) -> None:
    run.state = Run.State.FAILED if run.error else Run.State.DONE
    run.finished = timezone.now()
    run.save()
    with audit_group(run.pk):
        record_all(_actor(run), _deeds(step for step in run.steps if key_of_step(step) in done))


def _actor(run: Run) -> Actor:
    return Actor.person(run.requested_by) if run.requested_by else SYSTEM


def _deeds(steps: Iterable[dict[str, Any]]) -> Iterable[Deed]:
    for step in steps:
        verb = _DEEDS.get(step["kind"], step["kind"])
        if step["result"] != "done":
            verb = f"failed to {step['kind']}"
        yield Deed(
            verb=verb,
            object_kind=step["object"],
            object_name=step["name"][:_AUDITED_NAME],
            before=_audited(step, step.get("before")),
            after=_audited(step, step.get("after")),
        )


def _audited(step: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any] | None:
    if properties is None or step["object"] != ObjectKind.USER:
        return properties
    # A fingerprint is no secret, but under that name the audit trail takes nothing.
    return {("credentials" if key == "password" else key): properties[key] for key in properties}


def _step(item: Item) -> dict[str, Any]:
    name = storable(item.name)
    return {
        "id": step_id(item.object, name),
        "kind": str(item.step or ""),
        "object": item.object.value,
        "name": name,
        "before": keepable(item.found),
        "after": keepable(item.should),
        "reason": storable(item.reason),
        "impact": storable(item.impact),
    }


def _outcome(result: StepResult) -> dict[str, str]:
    return {
        "result": "done" if result.done else "failed",
        "error": storable(result.error),
    }


def _summary(steps: list[dict[str, Any]]) -> str:
    failed = [step for step in steps if step["result"] == "failed"]
    if not failed:
        return ""
    return f"{len(failed)} of {len(steps)} steps failed; the first: {failed[0]['error']}"
