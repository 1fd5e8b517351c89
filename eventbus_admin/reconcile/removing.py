"""Removing users from the broker that the registry never issued."""

from django.db import transaction

from bus_core.rights import service_of_user
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import record
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Credential, UnwantedUser
from eventbus_admin.registry.revision import bump_revision


@transaction.atomic
def remove_unmanaged_user(*, actor: Actor, user: str, confirm: str) -> UnwantedUser:
    """Have the leader take a user away that is on the broker and was never issued here.

    `user` is a name that `bus_core.rights` makes, and `confirm` is the same, typed by a person.
    It goes within a second, as revoked credentials do, and again wherever it turns up.

    Raises `NotAllowed` but for operators, and `ActionError`.
    """
    Rights(actor).can_operate("remove users from the broker").require()
    service = service_of_user(user)
    seen = BrokerObject.objects.filter(kind=ObjectKind.USER, sync=Sync.UNMANAGED)
    if service is None or not seen.filter(name=user).exists():
        raise ActionError("unknown_user", f"There is no unmanaged user {user[:200]}.")
    if any(one.user == user for one in Credential.objects.of_service(service).with_related()):
        raise ActionError("issued", f"{user} was issued here by now. Revoke the credentials.")
    if confirm != user:
        raise ActionError("invalid_confirmation", f"Type {user} to have it removed.", "confirm")
    unwanted, _ = UnwantedUser.objects.get_or_create(name=user)
    record(
        actor=actor,
        verb="removed",
        object_kind="broker_user",
        object_name=user,
        after={"service": service},
    )
    bump_revision()
    return unwanted
