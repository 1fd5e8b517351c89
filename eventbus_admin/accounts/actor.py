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
    """A person who signed in, a service, the system itself (commands, seeding), or a visitor.

    One of the constructors below says which; a visitor is nobody that is known.
    """

    name: str
    user: User | None = None
    service: str = ""
    is_system: bool = False

    @classmethod
    def system(cls) -> Self:
        """Return the server itself, which may do everything."""
        return cls("system", is_system=True)

    @classmethod
    def visitor(cls) -> Self:
        """Return somebody who did not say who it is; no right goes with it."""
        return cls("a visitor")

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


SYSTEM = Actor.system()
"""Nobody in particular: the server itself."""
