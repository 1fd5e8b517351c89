"""What is done with event types."""

from typing import Any

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
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import find_team, lock_event_type
from eventbus_admin.registry.models import EventType
from eventbus_admin.registry.states import Lifecycle
from eventbus_admin.registry.validation import valid_choice, valid_example, valid_name, valid_text

_LIFECYCLE_VERBS = {
    Lifecycle.DRAFT: "returned to draft",
    Lifecycle.ACTIVE: "activated",
    Lifecycle.DEPRECATED: "deprecated",
    Lifecycle.RETIRED: "retired",
}
_NAMED_AT_MOST = 5


@transaction.atomic
def create_event_type(
    *,
    actor: Actor,
    name: str,
    owner: Team | str,
    description: str = "",
    example: Any = None,
    lifecycle: Lifecycle | str = Lifecycle.ACTIVE,
    private: bool = False,
) -> EventType:
    """Register a named kind of event that a team owns."""
    team = find_team(owner)
    Rights(actor).can_edit(team, "add event types to it").require()
    event_type = EventType(
        name=valid_name(name, "event type"),
        owner=team,
        description=valid_text(description),
        example=valid_example(example),
        lifecycle=valid_choice(Lifecycle, lifecycle, "lifecycle"),
        private=private,
    )
    if event_type.lifecycle == Lifecycle.RETIRED:
        raise ActionError("invalid_lifecycle", "A new event type cannot be retired.", "lifecycle")
    insert_named(event_type, "An event type")
    said = ("name", "owner", "description", "example", "lifecycle", "private")
    created = snapshot(event_type, *said)
    keep(actor, "created", event_type, None, created)
    return event_type


@transaction.atomic
def change_event_type(
    *,
    actor: Actor,
    event_type: EventType | str,
    description: str | Unchanged = UNCHANGED,
    example: Any = UNCHANGED,
    owner: Team | str | Unchanged = UNCHANGED,
    private: bool | Unchanged = UNCHANGED,
) -> EventType:
    """Change what is said about an event type, or give it to another team of the actor."""
    event_type, rights = lock_event_type(event_type), Rights(actor)
    rights.can_edit(event_type.owner, "change this event type").require()
    team = event_type.owner if owner is UNCHANGED else find_team(owner)
    rights.can_edit(team, "add event types to it").require()
    before, after = assign(
        event_type,
        description=given(description, valid_text),
        example=given(example, valid_example),
        owner=team,
        private=private,
    )
    if after:
        event_type.save()
        keep(actor, "changed", event_type, before, after)
    return event_type


@transaction.atomic
def set_lifecycle(
    *, actor: Actor, event_type: EventType | str, lifecycle: Lifecycle | str
) -> EventType:
    """Move an event type to where it stands in its life; it retires once nobody listens."""
    event_type = lock_event_type(event_type)
    Rights(actor).can_edit(event_type.owner, "change this event type").require()
    target = valid_choice(Lifecycle, lifecycle, "lifecycle")
    if target == event_type.lifecycle:
        raise ActionError(
            f"already_{target}",
            f"{event_type.name} is {target.label.lower()} already.",
            "lifecycle",
        )
    if target is Lifecycle.RETIRED:
        _refuse_while_subscribed(event_type)
    before, after = assign(event_type, lifecycle=target)
    event_type.save()
    keep(actor, _LIFECYCLE_VERBS[target], event_type, before, after)
    return event_type


def _refuse_while_subscribed(event_type: EventType) -> None:
    # New subscriptions lock the event type first, so none can arrive after this look.
    live = event_type.subscriptions.live().order_by("service__name")
    names = list(live.values_list("service__name", flat=True))
    if not names:
        return
    listed = ", ".join(names[:_NAMED_AT_MOST])
    if more := len(names) - _NAMED_AT_MOST:
        listed += f" and {more} more" if more > 0 else ""
    raise ActionError(
        "has_subscriptions",
        f"{event_type.name} has live subscriptions: {listed}. Retire them first.",
        "lifecycle",
    )
