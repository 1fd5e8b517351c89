"""Revealing what is hidden: for a reason, for a while, and never unseen by its owner."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import record
from eventbus_admin.payloads.models import Reveal
from eventbus_admin.registry.errors import ActionError

LASTS = timedelta(minutes=15)
MIN_REASON, MAX_REASON = 5, 300
VERB = "revealed"


@transaction.atomic
def reveal(*, actor: Actor, event_type: str, event_id: str = "", reason: str) -> Reveal:
    """Show the actor one event, or without an id all of one type, for 15 minutes.

    `event_id` is as the journal keeps it. The audit entry is about the event type, so its owner
    reads it. Raises `NotAllowed`, and `ActionError` when the reason says nothing.
    """
    Rights(actor).can_reveal().require()
    said = _valid_reason(reason)
    now = timezone.now()
    Reveal.objects.filter(until__lt=now).delete()
    assert actor.user is not None  # noqa: S101 - for the type checker; the right asks for one
    shown = Reveal.objects.create(
        user=actor.user, event_type=event_type, event_id=event_id, until=now + LASTS
    )
    what = {"event": event_id} if event_id else {"events": "all of this type"}
    record(
        actor=actor,
        verb=VERB,
        object_kind="event_type",
        object_name=event_type or event_id,
        after={**what, "reason": said, "until": shown.until.isoformat(timespec="seconds")},
    )
    return shown


def _valid_reason(reason: str) -> str:
    said = " ".join(reason.replace("\0", "").split())
    if not MIN_REASON <= len(said) <= MAX_REASON:
        raise ActionError(
            "invalid_reason",
            f"Say why in a sentence of {MIN_REASON} to {MAX_REASON} characters. "
            "The team that owns the event type reads it.",
            "reason",
        )
    return said
