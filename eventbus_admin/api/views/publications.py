"""Publications: what services may publish."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.publications import (
    EXAMPLE,
    NewPublication,
    PublicationOut,
    PublicationParameters,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Publication
from eventbus_admin.registry.querysets import PublicationQuerySet

ORDERINGS: Orderings = {
    "event_type": ("event_type__name", "service__name"),
    "service": ("service__name", "event_type__name"),
    "created": ("created", "id"),
}
FILTERS = {"event_type": "event_type__name", "service": "service__name", "state": "state"}


class _PublicationEndpoint(Endpoint):
    def rows(self) -> PublicationQuerySet:
        """Return what the viewer may see."""
        return Publication.objects.visible_to(self.viewer).with_related()

    def find(self, event_type: str, service: str) -> Publication:
        """Return the one between these two names."""
        return get_object_or_404(self.rows(), event_type__name=event_type, service__name=service)


class Publications(_PublicationEndpoint):
    """All publications."""

    parameters = PublicationParameters

    @documented(
        "List publications",
        answer=page_of(PublicationOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=PublicationParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List publications in every state, by event type unless ordered otherwise."""
        found = self.filtered(self.rows().search(self.wanted.get("search", "")), FILTERS)
        if owner := self.wanted.get("owner"):
            found = found.owned_by(owner)
        return self.page(found, ORDERINGS, PublicationOut)

    @documented(
        "Allow a publication",
        answer=PublicationOut,
        example=EXAMPLE,
        status=201,
        body=NewPublication,
        body_example={"event_type": "exportSuccessful", "service": "meca-exporter"},
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Let a service publish an event type; operators may."""
        sent = NewPublication.read(request.data)

        def create() -> Response:
            actions.allow_publication(actor=self.actor, **sent)
            found = self.find(**sent)
            names = [found.event_type.name, found.service.name]
            location = reverse("api:publication", names, request=request)
            data = PublicationOut(found).data
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)


class OnePublication(_PublicationEndpoint):
    """One publication."""

    @documented("Read a publication", answer=PublicationOut, example=EXAMPLE, refusals=[404])
    def get(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """Return it."""
        return Response(PublicationOut(self.find(event_type, service)).data)

    @documented("Retire a publication", status=204, refusals=[404, 409])
    def delete(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """Take back that the service may publish; its team and operators may."""
        found = self.find(event_type, service)
        actions.retire_publication(actor=self.actor, publication=found)
        return Response(status=204)
