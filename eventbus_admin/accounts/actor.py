"""`Actor`: who does something; `Viewer`: whose request it is."""

from dataclasses import dataclass
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser

from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User


@dataclass(frozen=True)
class ServiceAccount:
    """A service as the user of a request that bears its token; it sees what is its own."""

    service: str
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    pk: ClassVar[None] = None


Viewer = User | AnonymousUser | ServiceAccount
"""What a request's user may be."""


@dataclass(frozen=True)
class Actor:
    """A person who signed in, a service, or the system itself (commands, seeding) when neither."""

    name: str
    user: User | None = None
    service: str = ""

    @classmethod
    def person(cls, user: User | AnonymousUser) -> Self:
        """Return the actor for a request's user; raises `NotAllowed` when nobody signed in."""
        if not isinstance(user, User):
            raise NotAllowed("Sign in first.")
        return cls(user.get_username(), user)

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        """Return the actor for a person or a service; raises `NotAllowed` for anybody else."""
        if isinstance(viewer, ServiceAccount):
            return cls(viewer.service, service=viewer.service)
        return cls.person(viewer)


SYSTEM = Actor("system")
"""Nobody in particular: the server itself."""
