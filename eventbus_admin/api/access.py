"""What a token may be used for; what its owner may do is asked by actions and querysets."""

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from eventbus_admin.accounts.models import ApiToken

if TYPE_CHECKING:
    from eventbus_admin.api.views.base import Endpoint


class HasScope(BasePermission):
    """Whoever asks is known, and the token has the scope that the endpoint wants."""

    def has_permission(self, request: Request, view: "Endpoint") -> bool:  # type: ignore[override]
        """Answer 401 (by returning false) for strangers and 403 for a token of another scope."""
        if not request.user.is_authenticated:
            return False
        scope = view.scope_for(request.method or "")
        token = request.auth
        if isinstance(token, ApiToken) and scope not in token.scopes:
            has = ", ".join(token.scopes)
            raise PermissionDenied(
                f"This token may not do that: it lacks the scope {scope.value} and has {has}.",
                "missing_scope",
            )
        return True


class HasScopeIfKnown(HasScope):
    """Nobody in particular may ask too; the action says whether that is enough."""

    def has_permission(self, request: Request, view: "Endpoint") -> bool:  # type: ignore[override]
        """Let strangers by."""
        return not request.user.is_authenticated or super().has_permission(request, view)
