"""What is done with services."""

from django.db import transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.registry.bookkeeping import (
    UNCHANGED,
    Unchanged,
    assign,
    given,
    insert_named,
    keep,
    snapshot,
)
from eventbus_admin.registry.lookups import find_team, lock_service
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.states import ServiceKind
from eventbus_admin.registry.validation import valid_choice, valid_contact, valid_name, valid_text


@transaction.atomic
def create_service(
    *,
    actor: Actor,
    name: str,
    owner: Team | str,
    description: str = "",
    kind: ServiceKind | str = ServiceKind.INTERNAL,
    contact: str = "",
) -> Service:
    """Register a kind of process that a team owns."""
    team = find_team(owner)
    kind = valid_choice(ServiceKind, kind, "kind")
    Rights(actor).can_add_service(team, internal=kind is ServiceKind.INTERNAL).require()
    service = Service(
        name=valid_name(name, "service name"),
        owner=team,
        description=valid_text(description),
        kind=kind,
        contact=valid_contact(contact),
    )
    insert_named(service, "A service")
    created = snapshot(service, "name", "owner", "description", "kind", "contact")
    keep(actor, "created", service, None, created)
    return service


@transaction.atomic
def change_service(
    *,
    actor: Actor,
    service: Service | str,
    description: str | Unchanged = UNCHANGED,
    owner: Team | str | Unchanged = UNCHANGED,
    contact: str | Unchanged = UNCHANGED,
) -> Service:
    """Change what is said about a service, or give it to another team of the actor."""
    service, rights = lock_service(service), Rights(actor)
    rights.can_edit(service.owner, "change this service").require()
    team = service.owner if owner is UNCHANGED else find_team(owner)
    if team != service.owner:
        internal = service.kind == ServiceKind.INTERNAL
        rights.can_add_service(team, internal=internal).require()
    before, after = assign(
        service,
        description=given(description, valid_text),
        owner=team,
        contact=given(contact, valid_contact),
    )
    if after:
        service.save()
        keep(actor, "changed", service, before, after)
    return service
