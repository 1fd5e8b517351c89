"""What is done with credentials; a secret is in the answer of these functions and nowhere else."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from bus_core.rights import SLOTS
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.registry.bookkeeping import keep
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_service
from eventbus_admin.registry.models import Credential, Service
from eventbus_admin.registry.passwords import new_secret, rabbitmq_hash


@dataclass(frozen=True)
class Issued:
    """A credential and its secret, which nobody can read again."""

    credential: Credential
    secret: str = field(repr=False)


@transaction.atomic
def issue_credential(*, actor: Actor, service: Service | str) -> Issued:
    """Give a service its first user on the broker; what it may do follows from the registry."""
    service = _cared_for(actor, service, "issue credentials for")
    _require_approval(actor, service)
    if _live(service):
        raise ActionError(
            "already_issued", f"{service.name} has credentials already: issue them anew, or revoke."
        )
    return _issue(actor, service, SLOTS[0], "issued")


@transaction.atomic
def reissue_credential(*, actor: Actor, service: Service | str, keep_old: bool = False) -> Issued:
    """Give a service a new secret, under the other of its two users.

    The old user goes at once, and its connections with it, unless `keep_old`: then both work until
    the old one is revoked, so that workers can be moved over one by one.
    """
    service = _cared_for(actor, service, "issue credentials for")
    _require_approval(actor, service)
    live = _live(service)
    if not live:
        raise ActionError("not_issued", f"{service.name} has no credentials. Issue them first.")
    free = [slot for slot in SLOTS if slot not in live]
    if not free:
        raise ActionError(
            "two_issued",
            f"{service.name} has two valid credentials already. Revoke the old one first.",
        )
    if not keep_old:
        _revoke(actor, *live.values())
    return _issue(actor, service, free[0], "issued anew")


@transaction.atomic
def revoke_credentials(
    *, actor: Actor, service: Service | str, slot: str | None = None
) -> list[Credential]:
    """Take a service's users away from the broker, or the one in this slot.

    Its connections are closed as soon as the broker knows; returns what was revoked.
    """
    service = _cared_for(actor, service, "revoke the credentials of")
    revoked = [one for one in _live(service).values() if slot in {None, one.slot}]
    if not revoked:
        raise ActionError("not_issued", f"{service.name} has no such credentials.")
    _revoke(actor, *revoked)
    return revoked


def _cared_for(actor: Actor, service: Service | str, verb: str) -> Service:
    service = lock_service(service)
    Rights(actor).can_act_for(service.name, service.owner, f"{verb} this service").require()
    return service


def _require_approval(actor: Actor, service: Service) -> None:
    """Let nobody outside onto the broker before an operator let them have anything."""
    if service.declares or Rights(actor).can_operate():
        return
    if not any(
        things.approved().exists() for things in (service.publications, service.subscriptions)
    ):
        raise ActionError(
            "not_approved",
            f"Nothing that {service.name} asked for was approved yet. It gets credentials as soon "
            "as something is.",
        )


def _live(service: Service) -> dict[str, Credential]:
    # The service is locked, and a credential is changed by nobody who does not lock it.
    return {one.slot: one for one in service.credentials.live().with_related()}


def _issue(actor: Actor, service: Service, slot: str, verb: str) -> Issued:
    secret = new_secret()
    # A rotation that went before is over, however it ended.
    service.credentials.update(leaving=None)
    credential, _ = Credential.objects.update_or_create(
        service=service,
        slot=slot,
        defaults={
            "password_hash": rabbitmq_hash(secret),
            "issued": timezone.now(),
            "revoked": None,
        },
    )
    keep(actor, verb, credential, None, {"service": service.name})
    return Issued(credential, secret)


def _revoke(actor: Actor, *credentials: Credential) -> None:
    for one in credentials:
        one.password_hash, one.revoked = "", timezone.now()
        one.save()
        keep(actor, "revoked", one, None, {"service": one.service.name})
