"""A service's credentials on the broker; one answer shows a secret, once."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.credentials import (
    EXAMPLE,
    NEW_EXAMPLE,
    CredentialOut,
    CredentialParameters,
    NewCredential,
    NewCredentialOut,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.broker.users import connection_url
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Service

ORDERINGS: Orderings = {"slot": ("slot",)}


class _CredentialEndpoint(Endpoint):
    scope = TokenScope.CREDENTIALS

    def find(self, name: str) -> Service:
        """Return the service of this name, if the viewer may see it."""
        return get_object_or_404(Service.objects.visible_to(self.viewer), name=name)


class Credentials(_CredentialEndpoint):
    """Those of one service."""

    parameters = CredentialParameters

    @documented(
        "List credentials",
        answer=page_of(CredentialOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=CredentialParameters,
        refusals=[404],
    )
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """List a service's users on the broker, revoked ones too; nobody can read a secret."""
        found = self.find(name).credentials.with_related()
        return self.page(found, ORDERINGS, CredentialOut)

    @documented(
        "Issue credentials",
        answer=NewCredentialOut,
        example=NEW_EXAMPLE,
        status=201,
        body=NewCredential,
        body_example={"anew": "beside"},
        headers=[IDEMPOTENCY_KEY],
        refusals=[404],
    )
    def post(self, request: Request, name: str) -> Response:
        """Give a service a user on the broker; it, its team and operators may.

        What the user may do follows from what the service publishes and listens to. An integrator
        gets a 409 before anything that it asked for was approved.
        """
        service, sent = self.find(name), NewCredential.read(request.data)

        def create() -> Response:
            issued = self._issue(service, sent.get("anew"))
            location = reverse("api:credentials", [service.name], request=request)
            data = {
                **CredentialOut(issued.credential).data,
                "secret": issued.secret,
                "url": connection_url(issued.credential.user, issued.secret),
            }
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)

    @documented("Revoke credentials", status=204, refusals=[404, 409])
    def delete(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Let the service onto the broker no more; open connections end too."""
        actions.revoke_credentials(actor=self.actor, service=self.find(name))
        return Response(status=204)

    def _issue(self, service: Service, anew: str | None) -> actions.Issued:
        if anew is None:
            return actions.issue_credential(actor=self.actor, service=service)
        return actions.reissue_credential(
            actor=self.actor, service=service, keep_old=anew == "beside"
        )


class OneCredential(_CredentialEndpoint):
    """One of a service's two."""

    @documented("Revoke one of two credentials", status=204, refusals=[404, 409])
    def delete(self, request: Request, name: str, slot: str) -> Response:  # noqa: ARG002
        """End one of a service's two users: the old one, when all workers have moved over."""
        actions.revoke_credentials(actor=self.actor, service=self.find(name), slot=slot)
        return Response(status=204)
