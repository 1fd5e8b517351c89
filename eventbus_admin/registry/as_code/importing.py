"""Comparing a document with the registry, and bringing the registry to it."""

from django.conf import settings
from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import audit_group, record
from eventbus_admin.registry.as_code.carrying_out import carry_out
from eventbus_admin.registry.as_code.comparing import compare
from eventbus_admin.registry.as_code.document import Document
from eventbus_admin.registry.as_code.plan import Plan
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.revision import current_revision


def plan_import(document: Document, *, prune: bool = False) -> Plan:
    """Return what an import would do, without touching anything; raises `DocumentRefused`."""
    # Before the rows: what changes meanwhile makes the plan a stale one.
    revision = current_revision()
    return _plan(document, read_stored(), revision, prune=prune)


@transaction.atomic
def import_document(
    *, actor: Actor, document: Document, prune: bool = False, plan: str | None = None
) -> Plan:
    """Bring the registry to a document, all of it or nothing; returns what was done.

    With `prune` what the document leaves out is retired. `plan` is the id of the plan that the
    actor has seen: anything else is refused.

    Raises `NotAllowed` unless the actor operates the installation, `DocumentRefused`, and
    `ActionError` when the plan is another one by now.
    """
    Rights(actor).can_operate("import the registry").require()
    stored = read_stored(lock=True)
    now = _plan(document, stored, current_revision(), prune=prune)
    if plan is not None and plan != now.id:
        raise ActionError(
            "stale_plan",
            "The registry has changed since you saw the plan. Look at it anew.",
            "plan",
        )
    if now.changes:
        with audit_group():
            record(
                actor=actor,
                verb="imported",
                object_kind="registry",
                object_name="document",
                after=now.counts,
            )
            carry_out(actor, now.changes)
    return now


def _plan(document: Document, stored: Document, revision: int, *, prune: bool) -> Plan:
    ladder = settings.EVENTBUS_RETRY_DELAYS_MS
    changes, notes = compare(document, stored, ladder=ladder, prune=prune)
    return Plan(revision=revision, changes=changes, notes=notes, prunes=prune)
