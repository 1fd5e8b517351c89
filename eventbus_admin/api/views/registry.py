"""The registry as code: writing it, comparing it with a document, and bringing it to one."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import documented
from eventbus_admin.api.serializers.registry import (
    DOCUMENT_EXAMPLE,
    PLAN_EXAMPLE,
    PLAN_ID,
    TEXT_EXAMPLE,
    YAML,
    DocumentOut,
    DocumentParameters,
    ImportPlanOut,
    NewImport,
    PlannedImport,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.registry.as_code.document import Document, DocumentRefused
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.reading import read, read_value
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_values, as_yaml


class Registry(Endpoint):
    """The whole registry."""

    parameters = DocumentParameters

    @documented(
        "Export the registry",
        answer=DocumentOut,
        example=DOCUMENT_EXAMPLE,
        parameters=DocumentParameters,
        other_answers={
            (200, YAML): OpenApiResponse(DocumentOut, description="The same to keep in a file")
        },
    )
    def get(self, request: Request) -> HttpResponseBase:  # noqa: ARG002
        """Return teams, event types, services, and what these publish and listen to.

        Neither secrets nor people are in it, nor what waits for a decision. The same registry is
        always written the same way.
        """
        self.require_view()
        stored = read_stored()
        if self.wanted["format"] == "yaml":
            return HttpResponse(as_yaml(stored), content_type=YAML)
        return Response(as_values(stored))


class RegistryPlan(Endpoint):
    """What an import would do."""

    scope = TokenScope.READ

    @documented(
        "Plan an import",
        answer=ImportPlanOut,
        example=PLAN_EXAMPLE,
        body=PlannedImport,
        body_example={"document": TEXT_EXAMPLE},
    )
    def post(self, request: Request) -> Response:
        """Compare a document with the registry and list the changes; nothing is touched."""
        self.require_view()
        sent = PlannedImport.read(request.data)
        try:
            plan = plan_import(_document(sent), prune=sent["prune"])
        except DocumentRefused as error:
            raise _refusal(error) from error
        return Response(ImportPlanOut(plan).data)


class RegistryImport(Endpoint):
    """Importing."""

    @documented(
        "Import a document",
        answer=ImportPlanOut,
        example=PLAN_EXAMPLE,
        body=NewImport,
        body_example={"document": TEXT_EXAMPLE, "plan": PLAN_ID},
    )
    def post(self, request: Request) -> Response:
        """Bring the registry to the document, all of it or nothing; operators may.

        409 when the registry has changed since the plan was made. The answer says what was done.
        """
        sent = NewImport.read(request.data)
        try:
            done = import_document(
                actor=self.actor, document=_document(sent), prune=sent["prune"], plan=sent["plan"]
            )
        except DocumentRefused as error:
            raise _refusal(error) from error
        return Response(ImportPlanOut(done).data)


def _document(sent: dict[str, Any]) -> Document:
    document = sent["document"]
    return read(document) if isinstance(document, str) else read_value(document)


def _refusal(error: DocumentRefused) -> ValidationError:
    said = [ErrorDetail(str(one), "invalid_document") for one in error.problems]
    return ValidationError({"document": said})
