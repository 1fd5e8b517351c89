"""How the audit trail calls the things of the registry."""

from django.db.models import QuerySet

from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription

Thing = EventType | Service | Publication | Subscription


def reference(thing: Thing) -> tuple[str, str]:
    """Return kind and name of an object in the audit trail, as the API's paths name it."""
    match thing:
        case EventType():
            return "event_type", thing.name
        case Service():
            return "service", thing.name
        case Publication():
            return "publication", f"{thing.event_type.name}/{thing.service.name}"
        case Subscription():
            return "subscription", f"{thing.event_type.name}/{thing.service.name}"


def history(thing: Thing) -> QuerySet[AuditEntry]:
    """Return what was done to this object, latest first."""
    kind, name = reference(thing)
    return AuditEntry.objects.filter(object_kind=kind, object_name=name)
