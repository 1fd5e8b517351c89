"""Users on the broker that the registry never issued; `plan/` lists them as unmanaged."""

from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import documented
from eventbus_admin.api.serializers.broker_users import (
    EXAMPLE,
    USER,
    UnwantedUserOut,
    UserRemoval,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.reconcile.removing import remove_unmanaged_user


class Remove(Endpoint):
    """Having one removed."""

    scope = TokenScope.APPLY

    @documented(
        "Remove an unmanaged user",
        answer=UnwantedUserOut,
        example=EXAMPLE,
        status=202,
        body=UserRemoval,
        body_example={"confirm": USER},
        refusals=[404],
    )
    def post(self, request: Request, user: str) -> Response:
        """Take a user away that has a name of ours and was never issued here; operators may.

        The worker does it within a second or as soon as the broker answers, and again wherever
        the user turns up. Its connections end with it.
        """
        sent = UserRemoval.read(request.data)
        removed = remove_unmanaged_user(actor=self.actor, user=user, **sent)
        return Response(UnwantedUserOut(removed).data, status=202)
