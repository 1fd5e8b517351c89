"""What is done with publications."""

from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.registry.bookkeeping import assign, keep
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_event_type, lock_publication, lock_service
from eventbus_admin.registry.models import EventType, Publication, Service
from eventbus_admin.registry.states import Lifecycle, PublicationState


@transaction.atomic
def allow_publication(
    *, actor: Actor, service: Service | str, event_type: EventType | str
) -> Publication:
    """Let a service publish an event type; one that was retired or declined is active again."""
    event_type = lock_event_type(event_type, "event_type")
    service = lock_service(service, "service")
    Rights(actor).can_operate("allow a service to publish").require()
    if event_type.lifecycle == Lifecycle.RETIRED:
        raise ActionError("retired", f"{event_type.name} is retired.", "event_type")
    # Both ends are locked, so no other action inserts the same pair between look and insert.
    publication = Publication.objects.filter(service=service, event_type=event_type).first()
    if publication is None:
        publication = Publication(service=service, event_type=event_type)
        before = None
    elif publication.state == PublicationState.ACTIVE:
        raise ActionError(
            "already_allowed", f"{service.name} may publish {event_type.name} already."
        )
    elif publication.state == PublicationState.REQUESTED:
        raise ActionError(
            "already_requested",
            f"{service.name} asked to publish {event_type.name} already; decide about the request.",
        )
    else:
        before, _ = assign(publication, state=PublicationState.ACTIVE)
    publication.save()
    keep(actor, "allowed", publication, before, {"state": str(PublicationState.ACTIVE)})
    return publication


@transaction.atomic
def retire_publication(*, actor: Actor, publication: Publication) -> Publication:
    """Take back that a service may publish an event type."""
    publication = lock_publication(publication)
    Rights(actor).can_edit(publication.service.owner, "retire this publication").require()
    if publication.state == PublicationState.RETIRED:
        raise ActionError("already_retired", f"“{publication}” is retired already.")
    if publication.state != PublicationState.ACTIVE:
        raise ActionError("not_active", f"“{publication}” is {publication.state}, not active.")
    before, after = assign(publication, state=PublicationState.RETIRED)
    publication.save()
    keep(actor, "retired", publication, before, after)
    return publication
