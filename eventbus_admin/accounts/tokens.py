"""Making tokens, and recognising them when they come back."""

import hashlib
import hmac
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, TokenScope, User

PREFIX_CHARS = 10
SECRET_BYTES = 32
MAX_CHARS = 200
NOTED_EVERY = timedelta(minutes=1)
_ALPHABET = string.ascii_lowercase + string.digits


class TokenRefused(Exception):
    """This token lets nobody in; `code` is for programs, the text is a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def issue(
    *,
    name: str,
    scopes: Sequence[TokenScope],
    user: User | None = None,
    service: str = "",
    expires: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Store a token of this person or service; returns it with its text, for its only showing.

    Whoever calls this has checked that it may be.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        prefix="".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_CHARS)),
        digest=_digest(secret),
        name=name,
        scopes=[scope.value for scope in scopes],
        user=user,
        service=service,
        expires=expires,
    )
    return token, f"{token.prefix}.{secret}"


def recognise(text: str) -> ApiToken:
    """Return the token with this text; raises `TokenRefused`.

    Only who knows the secret learns what became of a token.
    """
    prefix, _, secret = text.partition(".")
    token = None
    if prefix.isascii() and prefix.isalnum() and len(text) <= MAX_CHARS:
        token = ApiToken.objects.select_related("user").filter(prefix=prefix).first()
    if token is None or not hmac.compare_digest(token.digest, _digest(secret)):
        raise TokenRefused("unknown_token", "This token is not known. Ask for a new one.")
    if token.revoked is not None:
        raise TokenRefused("revoked_token", "This token was revoked. Ask for a new one.")
    if token.expired():
        raise TokenRefused("expired_token", "This token has expired. Ask for a new one.")
    if token.user is not None and not token.user.is_active:
        raise TokenRefused("switched_off", "The account that owns this token is switched off.")
    return token


def note_use(token: ApiToken) -> None:
    """Remember that it was used; written at most once a minute."""
    now = timezone.now()
    if token.last_used is not None and now - token.last_used < NOTED_EVERY:
        return
    due = Q(last_used=None) | Q(last_used__lte=now - NOTED_EVERY)
    ApiToken.objects.filter(due, pk=token.pk).update(last_used=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
