"""The plan as the last look at the broker left it, and the id by which it is told from others."""

import hashlib
import json
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet

from eventbus_admin.reconcile.models import NOT_DRIFT, BrokerObject
from eventbus_admin.reconcile.objects import ObjectKind, is_chosen, step_id
from eventbus_admin.reconcile.plan import APPLICABLE, STEPS, step_for
from eventbus_admin.reconcile.policy import apply_setting, is_held_back

_ID_CHARS = 16
_STATES = {sync: step for sync, step in STEPS.items() if step in APPLICABLE}


def differing() -> QuerySet[BrokerObject]:
    """Return the objects that are not as the registry says."""
    return BrokerObject.objects.exclude(sync__in=NOT_DRIFT)


def applicable() -> QuerySet[BrokerObject]:
    """Return the objects that an apply does something about here."""
    setting, let = apply_setting(), Q(pk__in=())
    for sync, step in _STATES.items():
        kinds = [kind for kind in ObjectKind if not is_held_back(step, kind, setting)]
        let |= Q(sync=sync, kind__in=kinds)
    return BrokerObject.objects.filter(let).order_by("kind", "name")


def chosen_of(rows: Iterable[BrokerObject], chosen: Collection[str] | None) -> list[BrokerObject]:
    """Return those rows that were chosen by id or by name, all of them without a choice."""
    wanted = None if chosen is None else frozenset(chosen)
    return [row for row in rows if is_chosen(row.kind, row.name, wanted)]


def is_applicable(row: BrokerObject) -> bool:
    """Whether an apply does something about this object here."""
    step = step_for(row.kind, row)
    if step is None or step not in APPLICABLE:
        return False
    return not is_held_back(step, row.kind, apply_setting())


def plan_id(rows: Iterable[BrokerObject] | None = None) -> str:
    """Return an id that changes whenever applying the plan, or these of it, would do otherwise."""
    digest = hashlib.sha256()
    for row in applicable() if rows is None else rows:
        compared = (row.kind, row.name, row.sync, row.should, row.found)
        digest.update(json.dumps(compared, sort_keys=True).encode())
    return digest.hexdigest()[:_ID_CHARS]


def step_of(row: BrokerObject) -> dict[str, Any]:
    """Return what is to be done about an object, as a run stores it."""
    return {
        "id": step_id(row.kind, row.name),
        "kind": str(step_for(row.kind, row) or ""),
        "object": row.kind,
        "name": row.name,
        "before": row.found,
        "after": row.should,
        "reason": row.message,
        "impact": row.impact,
        "result": "pending",
        "error": "",
    }
