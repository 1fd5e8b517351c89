"""What is done with tokens: audited as every action, but the registry's revision stays as it is.

It stands here and not in `accounts` because a service's team decides about the service's tokens.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from eventbus_admin.accounts import tokens
from eventbus_admin.accounts.actor import Actor, ServiceAccount, Viewer
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.audit.recording import record
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_service
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.validation import valid_choice, valid_text

MOST_LIVE = 100
"""So many usable tokens may one person or service have."""
MAX_NAME = 120


def tokens_visible_to(viewer: Viewer) -> QuerySet[ApiToken]:
    """Return the tokens that this viewer may see and revoke: operators all, others their own.

    A person's own are also those of the services that the person's teams own.
    """
    found = ApiToken.objects.select_related("user")
    if isinstance(viewer, ServiceAccount):
        return found.filter(service=viewer.service)
    if not isinstance(viewer, User) or not (rights := Rights(Actor.of(viewer))).can_view():
        return found.none()
    if rights.can_operate():
        return found
    services = Service.objects.filter(owner__members=viewer).order_by().values("name")
    return found.filter(Q(user=viewer) | Q(service__in=services))


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    name: str,
    scopes: Sequence[TokenScope | str],
    expires: datetime | None = None,
    service: Service | str | None = None,
    within: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """Make a token of the actor, or of a service that its team owns.

    `within` is the token by which the actor asks: what it makes may not do more, nor live longer.
    Returns the token with its text, which is kept nowhere.
    """
    chosen = _valid_scopes(scopes)
    _stay_within(within, chosen, expires)
    if expires is not None and expires <= timezone.now():
        raise ActionError("invalid_expires", "The time is over already.", "expires")
    user, service_name = _owner(actor, service)
    _refuse_too_many(user, service_name)
    token, text = tokens.issue(
        name=_valid_name(name), scopes=chosen, user=user, service=service_name, expires=expires
    )
    record(
        actor=actor,
        verb="created",
        object_kind="token",
        object_name=token.prefix,
        after={
            "name": token.name,
            "scopes": token.scopes,
            "owner": token.owner,
            "expires": expires.isoformat() if expires else None,
        },
    )
    return token, text


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken) -> ApiToken:
    """Let nobody in by it any more; done again, it changes nothing."""
    found = ApiToken.objects.select_for_update(of=("self",), no_key=True)
    token = found.select_related("user").get(pk=token.pk)
    _require_own(actor, token)
    if token.revoked is not None:
        return token
    token.revoked = timezone.now()
    token.save(update_fields=("revoked",))
    record(
        actor=actor,
        verb="revoked",
        object_kind="token",
        object_name=token.prefix,
        before={"revoked": None},
        after={"revoked": token.revoked.isoformat()},
    )
    return token


def _owner(actor: Actor, service: Service | str | None) -> tuple[User | None, str]:
    if service is not None:
        found = lock_service(service, "service")
        Rights(actor).can_edit(found.owner, "make tokens of this service").require()
        return None, found.name
    if actor.user is None:
        raise NotAllowed("A service's tokens are made by its team.")
    return actor.user, ""


def _require_own(actor: Actor, token: ApiToken) -> None:
    rights = Rights(actor)
    if rights.can_operate():
        return
    if token.user is not None and token.user == actor.user and rights.can_view():
        return
    if token.service and token.service == actor.service:
        return
    service = Service.objects.select_related("owner").filter(name=token.service).first()
    if service is None:
        raise NotAllowed("Only its owner or operators may revoke this token.")
    rights.can_edit(service.owner, "revoke this token").require()


def _valid_name(name: str) -> str:
    name = valid_text(name, "name")
    if not 1 <= len(name) <= MAX_NAME:
        raise ActionError(
            "invalid_name", f"Give it a name of at most {MAX_NAME} characters.", "name"
        )
    return name


def _valid_scopes(scopes: Sequence[TokenScope | str]) -> list[TokenScope]:
    chosen = {valid_choice(TokenScope, scope, "scopes") for scope in scopes}
    if not chosen:
        raise ActionError("invalid_scopes", "Choose at least one scope.", "scopes")
    return [scope for scope in TokenScope if scope in chosen]


def _stay_within(
    within: ApiToken | None, scopes: Sequence[TokenScope], expires: datetime | None
) -> None:
    if within is None:
        return
    if more := [scope for scope in scopes if scope not in within.scopes]:
        raise NotAllowed(f"The token that asks may not do this itself: {', '.join(more)}.")
    if within.expires is not None and (expires is None or expires > within.expires):
        raise NotAllowed("A token cannot make one that lives longer than itself.")


def _refuse_too_many(user: User | None, service: str) -> None:
    live = ApiToken.objects.filter(user=user, service=service, revoked=None)
    if live.exclude(expires__lte=timezone.now()).count() >= MOST_LIVE:
        raise ActionError(
            "too_many_tokens", f"There are {MOST_LIVE} tokens already. Revoke some of them first."
        )
