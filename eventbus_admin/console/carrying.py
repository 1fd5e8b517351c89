"""Carrying out an action from a button: a refusal becomes a sentence on the next page."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.accounts.policies import YES, Decision
from eventbus_admin.console.access import PersonRequest
from eventbus_admin.registry.errors import ActionError

R = TypeVar("R")


def carried_out(request: PersonRequest, action: Callable[..., R], /, **values: Any) -> R | None:
    """Call the action as this person; when it is refused tell why and return nothing."""
    try:
        return action(actor=Actor.person(request.user), **values)
    except ActionError as error:
        messages.error(request, error.message)
    except NotAllowed as error:
        messages.error(request, str(error))
    return None


def may_own(user: User) -> Decision:
    """Whether there is a team to which this person may add things."""
    if user.is_operator or user.teams.exists():
        return YES
    return Decision(
        allowed=False,
        why_not="Only members of a team or operators may add things. Ask an operator for a team.",
    )
