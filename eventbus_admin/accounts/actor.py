"""`Actor`: who does something."""

from dataclasses import dataclass
from typing import Self

from django.contrib.auth.models import AnonymousUser

from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User


@dataclass(frozen=True)
class Actor:
    """A person who signed in, or the system itself (commands, seeding) when `user` is `None`."""

    name: str
    user: User | None = None

    @classmethod
    def person(cls, user: User | AnonymousUser) -> Self:
        """Return the actor for a request's user; raises `NotAllowed` when nobody signed in."""
        if not isinstance(user, User):
            raise NotAllowed("Sign in first.")
        return cls(user.get_username(), user)


SYSTEM = Actor("system")
"""Nobody in particular: the server itself."""
