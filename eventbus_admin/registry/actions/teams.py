"""What is done with teams; who belongs to one is the affair of accounts."""

from django.db import IntegrityError, transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.registry.bookkeeping import (
    UNCHANGED,
    Unchanged,
    assign,
    given,
    keep,
    snapshot,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import find_team
from eventbus_admin.registry.validation import valid_contact, valid_text

MAX_NAME = 120


@transaction.atomic
def create_team(*, actor: Actor, name: str, description: str = "", contact: str = "") -> Team:
    """Make a team that services and event types can belong to; it has no members yet."""
    Rights(actor).can_operate("make teams").require()
    name = valid_text(name, "name")
    if not 1 <= len(name) <= MAX_NAME:
        raise ActionError("invalid_name", f"A team's name has 1 to {MAX_NAME} characters.", "name")
    team = Team(name=name, description=valid_text(description), contact=valid_contact(contact))
    try:
        with transaction.atomic():
            team.save(force_insert=True)
    except IntegrityError as error:
        raise ActionError("name_taken", f"A team named {name} exists.", "name") from error
    keep(actor, "created", team, None, snapshot(team, "name", "description", "contact"))
    return team


@transaction.atomic
def change_team(
    *,
    actor: Actor,
    team: Team | str,
    description: str | Unchanged = UNCHANGED,
    contact: str | Unchanged = UNCHANGED,
) -> Team:
    """Change what is said about a team."""
    Rights(actor).can_operate("change teams").require()
    team = find_team(team)
    before, after = assign(
        team,
        description=given(description, valid_text),
        contact=given(contact, valid_contact),
    )
    if after:
        team.save()
        keep(actor, "changed", team, before, after)
    return team
