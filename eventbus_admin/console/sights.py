"""What the person of a request is shown of what events hold."""

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.console.access import PersonRequest
from eventbus_admin.journal.sight import Sight
from eventbus_admin.payloads.policy import sight_of


def sight_for(request: PersonRequest) -> Sight:
    """Return it as it is now."""
    return sight_of(Actor.person(request.user))
