"""Rotating a service's credentials: both work until the old one is used by nobody."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.serializers.credentials import (
    NEW_EXAMPLE,
    CredentialOut,
    NewCredentialOut,
)
from eventbus_admin.api.serializers.rotation import EXAMPLE, RotationOut, shown
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.broker.users import connection_url
from eventbus_admin.reconcile.overlap import overlap_of
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Service


class _RotationEndpoint(Endpoint):
    scope = TokenScope.CREDENTIALS

    def find(self, name: str) -> Service:
        """Return the service of this name, if the viewer may see it."""
        return get_object_or_404(Service.objects.visible_to(self.viewer), name=name)


class Rotation(_RotationEndpoint):
    """The rotation of one service."""

    @documented("Read a rotation", answer=RotationOut, example=EXAMPLE, refusals=[404])
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Return how it stands: which of the two is used, from where, and what is next."""
        service = self.find(name)
        return Response(RotationOut(shown(overlap_of(service), service.name)).data)

    @documented(
        "Rotate credentials",
        answer=NewCredentialOut,
        example={**NEW_EXAMPLE, "slot": "b", "login": "bus__crossref-exporter__b"},
        status=201,
        headers=[IDEMPOTENCY_KEY],
        refusals=[404, 409],
    )
    def post(self, request: Request, name: str) -> Response:
        """Give a service a second user beside the one it has, which is to go.

        Restart the workers one by one with the new URL. The old user is revoked by itself once the
        new one was connected and nobody has used the old one for a while.
        """
        service = self.find(name)

        def create() -> Response:
            issued = actions.rotate_credential(actor=self.actor, service=service)
            data = {
                **CredentialOut(issued.credential).data,
                "secret": issued.secret,
                "url": connection_url(issued.credential.user, issued.secret),
            }
            location = reverse("api:rotation", [service.name], request=request)
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)

    @documented("Cancel a rotation", status=204, refusals=[404, 409])
    def delete(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Revoke the new user and keep the old one; connections of the new one end."""
        actions.cancel_rotation(actor=self.actor, service=self.find(name))
        return Response(status=204)


class RotationEnd(_RotationEndpoint):
    """Ending it before it ends by itself."""

    @documented("End a rotation", status=204, refusals=[404, 409])
    def post(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Revoke the old user now, whoever still uses it; its connections end."""
        actions.end_rotation(actor=self.actor, service=self.find(name))
        return Response(status=204)
