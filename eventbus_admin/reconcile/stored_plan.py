"""The plan as the last look at the broker left it, and the id by which it is told from others."""

import hashlib
import json

from django.db.models import QuerySet

from eventbus_admin.reconcile.models import NOT_DRIFT, BrokerObject, Sync

APPLICABLE = {Sync.MISSING: "create", Sync.DIFFERS: "change", Sync.SURPLUS: "delete"}
"""What applying the plan does about each state that it does something about."""
_ID_CHARS = 16


def differing() -> QuerySet[BrokerObject]:
    """Return the objects that are not as the registry says."""
    return BrokerObject.objects.exclude(sync__in=NOT_DRIFT)


def plan_id() -> str:
    """Return an id that changes whenever applying the plan would do something else."""
    applicable = BrokerObject.objects.filter(sync__in=APPLICABLE).order_by("kind", "name")
    digest = hashlib.sha256()
    for row in applicable.values_list("kind", "name", "sync", "should", "found"):
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:_ID_CHARS]
