"""What people do here: have the plan applied, and wait for a change to arrive."""

import time
from collections.abc import Collection, Iterable

from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run
from eventbus_admin.reconcile.objects import step_id
from eventbus_admin.reconcile.policy import Apply, apply_setting
from eventbus_admin.reconcile.stored_plan import applicable, chosen_of, plan_id, step_of
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.revision import current_revision

_POLL_SECONDS = 0.05


@transaction.atomic
def request_apply(
    *,
    actor: Actor,
    names: Collection[str] | None = None,
    plan: str | None = None,
    seen: str | None = None,
) -> Run:
    """Ask the leader to make the broker as the registry says, drift included.

    `names` chooses objects by id (`queue consumer__T__S`) or by name alone; without it, everything
    that can be applied is. The run stores what each step was at the last look. When the leader
    carries it out and one of them is something else by then, the whole run is refused.

    `plan` is the id of the plan that the actor has seen, `seen` that of the chosen steps alone:
    anything else is refused.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when the
    plan is another one by now, or has no such steps.
    """
    Rights(actor).can_operate("apply changes to the broker").require()
    if plan is not None:
        _require_current(plan)
    chosen = None if names is None else sorted(set(names))
    rows = chosen_of(applicable(), chosen)
    _require_known(chosen or (), rows)
    if seen is not None and seen != plan_id(rows):
        raise ActionError(
            "stale_plan", "What you chose has changed since you read it. Look at it again.", "steps"
        )
    state = ReconcileState.objects.first()
    run = Run(
        requested_by=actor.user,
        reason=f"Asked for by {actor.name}"[:120],
        names=chosen,
        revision=current_revision(),
        broker_id=state.broker_id if state else "",
        steps=[step_of(row) for row in rows],
    )
    run.save(force_insert=True)
    with audit_group(run.pk):
        record(
            actor=actor,
            verb="requested",
            object_kind="run",
            object_name=str(run.pk),
            after={"names": chosen},
        )
    return run


def wait_until_applied(revision: int, timeout: float = 2.0) -> bool:
    """Wait at most `timeout` seconds until the broker has this revision of the registry.

    Call it outside of a transaction, after the change was committed. It gives up at once while
    the broker cannot be read, and where nothing is applied by itself.
    """
    if apply_setting() is Apply.OBSERVE:
        timeout = 0
    deadline = time.monotonic() + timeout
    while True:
        state = ReconcileState.objects.first()
        if state is not None and state.applied_revision >= revision:
            return True
        away = state is not None and not state.reachable
        if away or time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _require_current(plan: str) -> None:
    state = ReconcileState.objects.first()
    if state is None or not state.reachable:
        raise ActionError(
            "broker_away",
            "The broker cannot be read, so nothing was started. What the registry asks for is "
            "applied by itself as soon as the broker answers.",
        )
    if plan != plan_id():
        raise ActionError(
            "stale_plan", "The plan has changed since you read it. Read it again.", "plan"
        )


def _require_known(chosen: Collection[str], rows: Iterable[BrokerObject]) -> None:
    known = {text for row in rows for text in (row.name, step_id(row.kind, row.name))}
    if unknown := sorted(set(chosen) - known):
        raise ActionError(
            "unknown_step", f"The plan can do nothing about {unknown[0][:200]}.", "steps"
        )
