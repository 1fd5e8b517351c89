"""The registry's revision: a number that every action raises, and who is told about it."""

from functools import partial

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from eventbus_admin.registry.models import Revision

registry_changed = Signal()
"""Sent with `revision` after an action was committed; it only hastens, the number is the truth."""

_ROW = 1


def bump_revision() -> int:
    """Raise the revision inside the running transaction and return the new number.

    The row stays locked until the commit, so numbers become visible in their order.
    """
    if not _raise():
        Revision.objects.bulk_create([Revision(pk=_ROW)], ignore_conflicts=True)
        _raise()
    number = current_revision()
    transaction.on_commit(partial(registry_changed.send_robust, sender=Revision, revision=number))
    return number


def current_revision() -> int:
    """Return the number of the last action; 0 before the first."""
    return Revision.objects.filter(pk=_ROW).values_list("number", flat=True).first() or 0


def _raise() -> bool:
    return bool(Revision.objects.filter(pk=_ROW).update(number=F("number") + 1))
