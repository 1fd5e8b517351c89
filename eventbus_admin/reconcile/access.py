"""Who should be able to sign in at the broker and what they may do there, from the registry's rows.

A user's rights follow from the publications and live subscriptions of its service and from nothing
else. An integrator's declares nothing; services of our own may declare what is theirs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bus_core.rights import (
    Permissions,
    confined_permissions,
    declaring_permissions,
    service_of_user,
)
from eventbus_admin.broker.users import BrokerUser, Grant
from eventbus_admin.registry.models import Credential, UnwantedUser


@dataclass(frozen=True, kw_only=True)
class CredentialWish:
    """One credential of the registry; a revoked one, or one that nobody wants, has no hash."""

    user: str
    service: str
    declares: bool
    """Whether it may make its own objects."""
    password_hash: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Access:
    """What should be there of users and their rights, and who should not be there any more."""

    users: tuple[BrokerUser, ...] = ()
    grants: tuple[Grant, ...] = ()
    revoked: tuple[str, ...] = ()


NOBODY = Access()


def read_credentials() -> tuple[CredentialWish, ...]:
    """Read the credentials that were ever issued, and the users that shall go, in two queries."""
    issued = tuple(
        CredentialWish(
            user=one.user,
            service=one.service.name,
            declares=one.service.declares,
            password_hash=one.password_hash,
        )
        for one in Credential.objects.select_related("service")
    )
    known = {one.user for one in issued}
    unwanted = UnwantedUser.objects.values_list("name", flat=True)
    return issued + tuple(_nobodys(name) for name in unwanted if name not in known)


def access_for(
    credentials: Iterable[CredentialWish],
    publishes: Mapping[str, Iterable[str]],
    listens: Mapping[str, Iterable[str]],
) -> Access:
    """Return who may do what; `publishes` and `listens` are event types by service."""
    credentials = tuple(credentials)
    live = [one for one in credentials if one.password_hash]
    return Access(
        users=tuple(BrokerUser(name=one.user, password_hash=one.password_hash) for one in live),
        grants=tuple(
            Grant(
                user=one.user,
                permissions=_permissions(one)(
                    one.service,
                    publishes=publishes.get(one.service, ()),
                    listens=listens.get(one.service, ()),
                ),
            )
            for one in live
        ),
        revoked=tuple(one.user for one in credentials if not one.password_hash),
    )


def _nobodys(user: str) -> CredentialWish:
    service = service_of_user(user) or ""
    return CredentialWish(user=user, service=service, declares=False, password_hash="")


def _permissions(wish: CredentialWish) -> Callable[..., Permissions]:
    return declaring_permissions if wish.declares else confined_permissions
