"""Who may read which entries of the audit trail."""

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat

from bus_core.rights import SLOTS, user_name
from eventbus_admin.accounts.actor import Actor, ServiceAccount, Viewer
from eventbus_admin.accounts.models import User
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.history import Thing, history
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.registry.tokens import tokens_visible_to


def entries_visible_to(viewer: Viewer) -> QuerySet[AuditEntry]:
    """Return the entries that this viewer may read: operators all of them.

    Others read what they did themselves, and what was done to what their teams own and to the
    tokens that they may see. A service reads what was done to what is its own.
    """
    found = AuditEntry.objects.order_by("-id")
    tokens = tokens_visible_to(viewer).order_by().values("prefix")
    about_tokens = Q(object_kind="token", object_name__in=tokens)
    if isinstance(viewer, ServiceAccount):
        # Not by the actor's name: a service may be called as something else is.
        return found.filter(about_tokens | _about(Service.objects.filter(name=viewer.service)))
    if not isinstance(viewer, User) or not (rights := Rights(Actor.of(viewer))).can_view():
        return found.none()
    if rights.can_operate():
        return found
    types = EventType.objects.filter(owner__members=viewer).order_by().values("name")
    return found.filter(
        Q(actor=viewer)
        | about_tokens
        | Q(object_kind="event_type", object_name__in=types)
        | _about(Service.objects.filter(owner__members=viewer))
    )


def history_visible_to(viewer: Viewer, thing: Thing) -> QuerySet[AuditEntry]:
    """Return what this viewer may read of what was done to this object, latest first."""
    return entries_visible_to(viewer) & history(thing)


def _about(services: QuerySet[Service]) -> Q:
    """Return the condition that an entry is about these services or what belongs to them.

    It names things as `history.reference` does.
    """
    names = list(services.order_by().values_list("name", flat=True))
    users = [user_name(name, slot) for name in names for slot in SLOTS]
    about = Q(object_kind="service", object_name__in=names)
    about |= Q(object_kind="credential", object_name__in=users)
    for kind, model in (("publication", Publication), ("subscription", Subscription)):
        pair = Concat(F("event_type__name"), Value("/"), F("service__name"))
        things = model._default_manager.filter(service__name__in=names).order_by()
        about |= Q(object_kind=kind, object_name__in=things.values_list(pair))
    return about
