"""Invitation codes: whoever has one may register one integrator."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import record
from eventbus_admin.integrators.models import Invitation, InvitationQuerySet
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.validation import valid_text

VALID_DAYS = 14
MAX_NOTE = 200


@dataclass(frozen=True)
class Invited:
    """An invitation and its code, which nobody can read again."""

    invitation: Invitation
    code: str = field(repr=False)


def invitations_for(actor: Actor) -> InvitationQuerySet:
    """Return all invitations, without their codes; raises `NotAllowed` but for operators."""
    Rights(actor).can_operate("see invitations").require()
    return Invitation.objects.select_related("created_by", "used_by")


@transaction.atomic
def invite_integrator(*, actor: Actor, note: str = "") -> Invited:
    """Make a code with which somebody may register one integrator within two weeks.

    `note` says for whom it is.
    """
    Rights(actor).can_operate("invite integrators").require()
    note = valid_text(note, "note")
    if len(note) > MAX_NOTE:
        raise ActionError("invalid_note", f"The note is longer than {MAX_NOTE} characters.", "note")
    code = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        code_hash=_hash(code),
        note=note,
        created_by=actor.user,
        expires=timezone.now() + timedelta(days=VALID_DAYS),
    )
    _keep(actor, "made", invitation)
    return Invited(invitation, code)


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: Invitation) -> Invitation:
    """Make a code worthless that nobody used yet."""
    Rights(actor).can_operate("withdraw invitations").require()
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        raise ActionError("not_open", "This invitation is used or has expired already.")
    invitation.expires = timezone.now()
    invitation.save(update_fields=("expires",))
    _keep(actor, "withdrew", invitation)
    return invitation


def take_invitation(code: str) -> Invitation:
    """Return the open invitation with this code, locked until the commit.

    Raises `ActionError`, in the same words whether the code was ever one.
    """
    found = Invitation.objects.select_for_update().filter(code_hash=_hash(code)).first()
    if found is None or not found.is_open:
        raise ActionError(
            "invalid_invitation",
            "Registering takes an invitation that is not used yet. Ask an operator for one.",
            "invitation",
        )
    return found


def use_invitation(invitation: Invitation, service: Service) -> None:
    """Note who registered with it."""
    invitation.used, invitation.used_by = timezone.now(), service
    invitation.save(update_fields=("used", "used_by"))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()


def _keep(actor: Actor, verb: str, invitation: Invitation) -> None:
    record(
        actor=actor,
        verb=verb,
        object_kind="invitation",
        object_name=str(invitation.pk),
        after={"note": invitation.note},
    )
