"""What is done with a rotation: a service's two users work side by side until the old one goes."""

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.audit.recording import record
from eventbus_admin.registry.actions.credentials import (
    Issued,
    reissue_credential,
    revoke_credentials,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_service
from eventbus_admin.registry.models import Credential, Service


@transaction.atomic
def rotate_credential(*, actor: Actor, service: Service | str) -> Issued:
    """Give a service a second user with a secret of its own; the first one is to leave.

    Both work meanwhile, so that workers are moved over one by one. The leader revokes the old one
    once nobody uses it any more.
    """
    issued = reissue_credential(actor=actor, service=service, keep_old=True)
    new = issued.credential
    old = new.service.credentials.live().exclude(slot=new.slot).get()
    old.leaving = timezone.now()
    old.save(update_fields=("leaving",))
    _record(actor, "began to rotate", old, {"to": new.user})
    return issued


@transaction.atomic
def end_rotation(
    *, actor: Actor, service: Service | str, old: Credential | None = None, why: str = ""
) -> Credential:
    """Revoke the user that is to leave, whoever still uses it; returns it.

    `old` is the one that the actor means: when it is another one by now, the rotation is over.
    """
    service = lock_service(service)
    leaving = _leaving(service)
    if old is not None and (old.pk, old.issued) != (leaving.pk, leaving.issued):
        raise _over(service)
    _record(actor, "ended the rotation", leaving, {"why": why or "a person asked for it"})
    (revoked,) = revoke_credentials(actor=actor, service=service, slot=leaving.slot)
    return revoked


@transaction.atomic
def cancel_rotation(*, actor: Actor, service: Service | str) -> Credential:
    """Revoke the new user and keep the old one; returns what was revoked."""
    service = lock_service(service)
    old = _leaving(service)
    new = service.credentials.live().exclude(pk=old.pk).get()
    (revoked,) = revoke_credentials(actor=actor, service=service, slot=new.slot)
    old.leaving = None
    old.save(update_fields=("leaving",))
    _record(actor, "cancelled the rotation", old, {"to": new.user})
    return revoked


def _leaving(service: Service) -> Credential:
    # The service is locked, and a credential is changed by nobody who does not lock it.
    found = service.credentials.leaving().with_related().first()
    if found is None:
        raise _over(service)
    return found


def _over(service: Service) -> ActionError:
    return ActionError("not_rotating", f"No rotation of {service.name}'s credentials goes on.")


def _record(actor: Actor, verb: str, old: Credential, after: dict[str, str]) -> None:
    record(actor=actor, verb=verb, object_kind="credential", object_name=old.user, after=after)
