"""Integrators: registering one, and deciding about what it asks for."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.access import HasScopeIfKnown
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers import integrators
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.integrators import (
    EXAMPLE,
    Approval,
    NewIntegrator,
    NewRequests,
    NewRequestsOut,
    Refusal,
    RegisteredOut,
    RequestOut,
    RequestParameters,
)
from eventbus_admin.api.throttling import RateLimit, RegistrationLimit
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.integrators import actions
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.tokens import create_token

ORDERINGS: Orderings = {"created": ("created", "id")}
FILTERS = {
    "service": "service__name",
    "event_type": "event_type__name",
    "kind": "kind",
    "state": "state",
}
GIVEN_SCOPES = (TokenScope.READ, TokenScope.WRITE, TokenScope.CREDENTIALS)
"""What the token of a registered service may be used for; its rights end with its own things."""
DECIDED = {
    "answer": "Welcome.",
    "decided": "2026-11-23T19:02:47.500Z",
    "decided_by": "otto",
}


class Integrators(Endpoint):
    """Where somebody outside begins."""

    permission_classes = (HasScopeIfKnown,)
    throttle_classes = (RateLimit, RegistrationLimit)

    @documented(
        "Register an integrator",
        answer=RegisteredOut,
        example=integrators.REGISTERED_EXAMPLE,
        status=201,
        body=NewIntegrator,
        body_example={
            "name": "crossref-exporter",
            "contact": "ops@example.org",
            "reason": "DOI deposits",
            "subscribes": ["beginCrossrefExport"],
        },
    )
    def post(self, request: Request) -> Response:
        """Register a service of somebody outside, together with what it asks for.

        No token is needed where registration is open; where it is by invitation, send the code.
        An operator decides about each request. The token of the answer is for what is the
        service's own: reading what became of them, asking for more, and issuing its credentials.
        """
        sent = NewIntegrator.read(request.data)
        actor = self.actor if request.user.is_authenticated else Actor.visitor()
        data = self._register(actor, sent)
        location = reverse("api:service", [data["service"]], request=request)
        return Response(data, status=201, headers={"Location": location})

    @transaction.atomic
    def _register(self, actor: Actor, sent: dict[str, Any]) -> Any:
        registered = actions.register_integrator(actor=actor, **sent)
        # Nobody is in the new team yet, so it is given by the system.
        _, token = create_token(
            actor=SYSTEM,
            name="Made when it registered",
            scopes=GIVEN_SCOPES,
            service=registered.service,
        )
        found = {"service": registered.service, "requests": registered.requests, "token": token}
        return RegisteredOut(found).data


class _RequestEndpoint(Endpoint):
    def rows(self) -> Any:
        """Return what the viewer may see."""
        return AccessRequest.objects.visible_to(self.viewer).with_related()

    def find(self, number: int) -> AccessRequest:
        """Return the one with this number."""
        found: AccessRequest = get_object_or_404(self.rows(), pk=number)
        return found


class Requests(_RequestEndpoint):
    """All requests."""

    parameters = RequestParameters

    @documented(
        "List requests",
        answer=page_of(RequestOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=RequestParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List what services ask for, the oldest first; a service sees its own."""
        return self.page(self.filtered(self.rows(), FILTERS), ORDERINGS, RequestOut)

    @documented(
        "Ask for access",
        answer=NewRequestsOut,
        example={"requests": [EXAMPLE]},
        status=201,
        body=NewRequests,
        body_example={
            "service": "crossref-exporter",
            "reason": "DOI deposits",
            "subscribes": ["beginCrossrefExport"],
        },
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask for more, or again for what was declined or has ended.

        A service asks for itself, its team and operators for it. An operator decides about each.
        """
        sent = NewRequests.read(request.data)
        if not Service.objects.visible_to(self.viewer).filter(name=sent["service"]).exists():
            message = f"There is no service {sent['service']}."
            raise ActionError("unknown_service", message, "service")

        def create() -> Response:
            made = actions.request_access(actor=self.actor, **sent)
            location = reverse("api:requests", request=request) + f"?service={sent['service']}"
            data = {"requests": RequestOut(made, many=True).data}
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)


class OneRequest(_RequestEndpoint):
    """One request."""

    @documented("Read a request", answer=RequestOut, example=EXAMPLE, refusals=[404])
    def get(self, request: Request, number: int) -> Response:  # noqa: ARG002
        """Return it, with the answer once it is decided."""
        return Response(RequestOut(self.find(number)).data)


class Approve(_RequestEndpoint):
    """Saying yes."""

    @documented(
        "Approve a request",
        answer=RequestOut,
        example={**EXAMPLE, **DECIDED, "state": "approved"},
        body=Approval,
        body_example={"reason": "Welcome."},
        refusals=[404],
    )
    def post(self, request: Request, number: int) -> Response:
        """Let the service have what it asked for; operators may."""
        found, sent = self.find(number), Approval.read(request.data)
        decided = actions.approve_request(actor=self.actor, request=found, **sent)
        return Response(RequestOut(decided).data)


class Decline(_RequestEndpoint):
    """Saying no."""

    @documented(
        "Decline a request",
        answer=RequestOut,
        example={**EXAMPLE, **DECIDED, "state": "declined", "answer": "Take exportDone."},
        body=Refusal,
        body_example={"reason": "Take exportDone."},
        refusals=[404],
    )
    def post(self, request: Request, number: int) -> Response:
        """Do not let the service have what it asked for, and say why; operators may."""
        found, sent = self.find(number), Refusal.read(request.data)
        decided = actions.decline_request(actor=self.actor, request=found, **sent)
        return Response(RequestOut(decided).data)
