"""Who asks: the owner of a token, or a person who signed in to the console."""

from typing import Any

from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from eventbus_admin.accounts.actor import ServiceAccount
from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.accounts.tokens import TokenRefused, note_use, recognise

KEYWORD = "Token"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token <prefix>.<secret>`."""

    def authenticate(self, request: Request) -> tuple[User | ServiceAccount, ApiToken] | None:
        """Return owner and token, or nothing when the header is not there."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        keyword, _, text = header.strip().partition(" ")
        if keyword.lower() != KEYWORD.lower():
            raise exceptions.AuthenticationFailed(
                "Write the header as “Authorization: Token <prefix>.<secret>”.", "unknown_scheme"
            )
        try:
            token = recognise(text.strip())
        except TokenRefused as error:
            raise exceptions.AuthenticationFailed(str(error), error.code) from error
        note_use(token)
        return token.user or ServiceAccount(token.service), token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Return what a 401 says is wanted."""
        return KEYWORD


class SessionAuthentication(authentication.SessionAuthentication):
    """The console's session; what changes something needs the CSRF token."""

    def enforce_csrf(self, request: HttpRequest) -> None:
        """Refuse a request that another site may have caused."""
        check: Any = super().enforce_csrf
        try:
            check(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                "The CSRF token is missing or wrong: send the cookie csrftoken as the header "
                "X-CSRFToken.",
                "csrf_failed",
            ) from error
