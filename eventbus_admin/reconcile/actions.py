"""What people do here: have the plan applied, and wait for a change to arrive."""

import time
from collections.abc import Collection, Iterable

from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run, Sync
from eventbus_admin.reconcile.runs import pending_steps
from eventbus_admin.reconcile.stored_plan import APPLICABLE, plan_id
from eventbus_admin.registry.errors import ActionError

_POLL_SECONDS = 0.05


@transaction.atomic
def request_apply(
    *, actor: Actor, names: Collection[str] | None = None, plan: str | None = None
) -> Run:
    """Ask the leader to make the broker as the registry says, drift included.

    `names` chooses objects by name; without it, everything that can be applied is. The run's
    steps are what differed at the last look; what is really done is seen when it is finished.
    `plan` is the id of the plan that the actor has seen: anything else is refused.

    Raises `NotAllowed` unless the actor operates the installation, and `ActionError` when the
    plan is another one by now, or has no such objects.
    """
    Rights(actor).can_operate("apply changes to the broker").require()
    if plan is not None:
        _require_current(plan)
    chosen = None if names is None else sorted(set(names))
    differing = BrokerObject.objects.filter(sync__in=APPLICABLE)
    if chosen is not None:
        differing = differing.filter(name__in=chosen)
        if plan is not None:
            _require_known(chosen, differing.values_list("name", flat=True))
    run = Run(
        requested_by=actor.user,
        reason=f"Asked for by {actor.name}"[:120],
        names=chosen,
        steps=pending_steps((APPLICABLE[Sync(one.sync)], one.kind, one.name) for one in differing),
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
    the broker cannot be read.
    """
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


def _require_known(chosen: Collection[str], applicable: Iterable[str]) -> None:
    if unknown := sorted(set(chosen) - set(applicable)):
        raise ActionError(
            "unknown_step", f"The plan can do nothing about {unknown[0][:200]}.", "steps"
        )
