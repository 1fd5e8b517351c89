"""How the audit trail calls the things of the registry."""

from django.db.models import Q, QuerySet

from bus_core.rights import SLOTS, user_name
from eventbus_admin.accounts.models import ApiToken, Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import (
    Credential,
    EventType,
    Publication,
    Service,
    Subscription,
)

Thing = Team | EventType | Service | Publication | Subscription | Credential | ApiToken


def reference(thing: Thing) -> tuple[str, str]:
    """Return kind and name of an object in the audit trail, as the API's paths name it."""
    match thing:
        case Team() | Service():
            return type(thing).__name__.lower(), thing.name
        case EventType():
            return "event_type", thing.name
        case Publication() | Subscription():
            return type(thing).__name__.lower(), f"{thing.event_type.name}/{thing.service.name}"
        case Credential():
            return "credential", thing.user
        case ApiToken():
            return "token", thing.prefix


def history(thing: Thing) -> QuerySet[AuditEntry]:
    """Return what was done to this object, latest first.

    To a service belongs what was done to its credentials and tokens.
    """
    kind, name = reference(thing)
    about = Q(object_kind=kind, object_name=name)
    if isinstance(thing, Service):
        users = [user_name(thing.name, slot) for slot in SLOTS]
        about |= Q(object_kind="credential", object_name__in=users)
        tokens = ApiToken.objects.filter(service=thing.name).order_by().values("prefix")
        about |= Q(object_kind="token", object_name__in=tokens)
    return AuditEntry.objects.filter(about)
