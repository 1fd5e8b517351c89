"""Services."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.api.documenting import ETAG, IDEMPOTENCY_KEY, IF_MATCH, documented
from eventbus_admin.api.etags import etag_of, require_match
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.services import (
    EXAMPLE,
    NewService,
    ServiceChange,
    ServiceOut,
    ServiceParameters,
)
from eventbus_admin.api.serializers.workers import EXAMPLE as WORKER_EXAMPLE
from eventbus_admin.api.serializers.workers import WorkerOut, WorkerParameters
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.api.views.event_types import ORDERINGS
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.querysets import ServiceQuerySet

WORKER_ORDERINGS: Orderings = {"worker": ("worker",)}


class _ServiceEndpoint(Endpoint):
    def rows(self) -> ServiceQuerySet:
        """Return what the viewer may see."""
        return Service.objects.visible_to(self.viewer).with_related().with_counts()

    def answer(self, name: str, status: int = 200) -> Response:
        """Answer with one service."""
        found = get_object_or_404(self.rows(), name=name)
        headers = {"ETag": etag_of(found)}
        if status == 201:
            headers["Location"] = reverse("api:service", [name], request=self.request)
        return Response(ServiceOut(found).data, status=status, headers=headers)


class Services(_ServiceEndpoint):
    """All services."""

    parameters = ServiceParameters

    @documented(
        "List services",
        answer=page_of(ServiceOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=ServiceParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List services, by name unless ordered otherwise."""
        wanted, found = self.wanted, self.rows().search(self.wanted.get("search", ""))
        if owner := wanted.get("owner"):
            found = found.owned_by(owner)
        if kind := wanted.get("kind"):
            found = found.filter(kind=kind)
        return self.page(found, ORDERINGS, ServiceOut)

    @documented(
        "Register a service",
        answer=ServiceOut,
        example=EXAMPLE,
        status=201,
        body=NewService,
        body_example={
            "name": "meca-exporter",
            "owner": "Exports",
            "contact": "exports@example.org",
        },
        headers=[IDEMPOTENCY_KEY, ETAG],
    )
    def post(self, request: Request) -> Response:
        """Register a kind of process that a team owns; its members and operators may."""
        sent = NewService.read(request.data)

        def create() -> Response:
            return self.answer(actions.create_service(actor=self.actor, **sent).name, 201)

        return once(request, create)


class OneService(_ServiceEndpoint):
    """One service."""

    @documented(
        "Read a service", answer=ServiceOut, example=EXAMPLE, headers=[ETAG], refusals=[404]
    )
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Return it, with its ETag."""
        return self.answer(name)

    @documented(
        "Change a service",
        answer=ServiceOut,
        example=EXAMPLE,
        body=ServiceChange,
        body_example={"contact": "meca@example.org"},
        headers=[IF_MATCH, ETAG],
        refusals=[404, 412],
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change what is sent and leave the rest; its name and kind are fixed."""
        found = get_object_or_404(self.rows(), name=name)
        self._change(request, found, ServiceChange.read(request.data))
        return self.answer(name)

    @transaction.atomic
    def _change(self, request: Request, found: Service, sent: dict[str, Any]) -> None:
        require_match(request, found)
        actions.change_service(actor=self.actor, service=found, **sent)


class Workers(_ServiceEndpoint):
    """The processes of one service."""

    parameters = WorkerParameters

    @documented(
        "List workers",
        answer=page_of(WorkerOut),
        example={"next": None, "previous": None, "results": [WORKER_EXAMPLE]},
        parameters=WorkerParameters,
        refusals=[404],
    )
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """List the processes that announced themselves within the last 90 s."""
        found = get_object_or_404(Service.objects.visible_to(self.viewer), name=name)
        return self.page(workers_present().filter(service=found.name), WORKER_ORDERINGS, WorkerOut)
