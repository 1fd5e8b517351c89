"""Operations on objects of the broker, and quarantines."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers import queue_operations as shapes
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.registry.errors import ActionError

ORDERINGS: Orderings = {"created": ("created", "id")}
DETAIL_EXAMPLE = {**shapes.OPERATION_EXAMPLE, "phases": shapes.STEPS_EXAMPLE}


class Operations(Endpoint):
    """Operations."""

    parameters = shapes.OperationParameters
    scope = TokenScope.APPLY

    @documented(
        "List operations",
        answer=page_of(shapes.OperationOut),
        example={"next": None, "previous": None, "results": [shapes.OPERATION_EXAMPLE]},
        parameters=shapes.OperationParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List operations, the latest first."""
        self.require_view()
        found = self.filtered(Operation.objects.all(), {"kind": "kind", "state": "state"})
        return self.page(found, ORDERINGS, shapes.OperationOut)

    @documented(
        "Start an operation",
        answer=shapes.OperationDetailOut,
        example=DETAIL_EXAMPLE,
        status=201,
        body=shapes.NewOperation,
        body_example={
            "kind": "removal",
            "object": "queue",
            "name": shapes.RETIRED_QUEUE,
            "messages": "quarantine",
            "typed": shapes.RETIRED_QUEUE,
        },
        headers=[IDEMPOTENCY_KEY],
        refusals=[404],
    )
    def post(self, request: Request) -> Response:
        """Have an unmanaged object removed, or a subscription's queue replaced; operators may.

        Nothing is lost unless `messages` says `discard`. A queue with messages or consumers needs
        its name in `typed`.
        """
        sent = shapes.NewOperation.read(request.data)
        return once(request, lambda: _created(self.request, _start(self, sent)))


class OneOperation(Endpoint):
    """One operation."""

    @documented(
        "Read an operation",
        answer=shapes.OperationDetailOut,
        example=DETAIL_EXAMPLE,
        refusals=[404],
    )
    def get(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Return how far it is, phase by phase."""
        self.require_view()
        return Response(shapes.OperationDetailOut(get_object_or_404(Operation, pk=pk)).data)


class _Turn(Endpoint):
    """Something that is said to an operation."""

    scope = TokenScope.APPLY
    does: Callable[..., Operation]

    def turn(self, pk: UUID) -> Response:
        """Say it."""
        operation = type(self).does(actor=self.actor, operation=pk)
        return Response(shapes.OperationDetailOut(operation).data)


class Pause(_Turn):
    """Pausing."""

    does = staticmethod(actions.pause_operation)

    @documented(
        "Pause an operation",
        answer=shapes.OperationDetailOut,
        example={**DETAIL_EXAMPLE, "state": "paused"},
        refusals=[404, 409],
    )
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Let it rest where it is."""
        return self.turn(pk)


class Resume(_Turn):
    """Going on."""

    does = staticmethod(actions.resume_operation)

    @documented(
        "Resume an operation",
        answer=shapes.OperationDetailOut,
        example=DETAIL_EXAMPLE,
        refusals=[404, 409],
    )
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Let a paused one go on."""
        return self.turn(pk)


class Cancel(_Turn):
    """Taking back."""

    does = staticmethod(actions.cancel_operation)

    @documented(
        "Cancel an operation",
        answer=shapes.OperationDetailOut,
        example={**DETAIL_EXAMPLE, "state": "cancelling"},
        refusals=[404, 409],
    )
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Take it back; 409 when it is too far for that."""
        return self.turn(pk)


class Quarantines(Endpoint):
    """Quarantines."""

    parameters = shapes.QuarantineParameters

    @documented(
        "List quarantines",
        answer=page_of(shapes.QuarantineOut),
        example={"next": None, "previous": None, "results": [shapes.QUARANTINE_EXAMPLE]},
        parameters=shapes.QuarantineParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List what removed queues held, the latest first."""
        self.require_view()
        found = self.filtered(Quarantine.objects.all(), {"state": "outcome"})
        return self.page(found, ORDERINGS, shapes.QuarantineOut)


class RestoreQuarantine(Endpoint):
    """Restoring."""

    scope = TokenScope.APPLY

    @documented(
        "Restore a quarantine",
        answer=shapes.OperationDetailOut,
        example={**DETAIL_EXAMPLE, "kind": "restore", "name": shapes.QUARANTINE_QUEUE},
        status=201,
        body=shapes.Restoring,
        body_example={"to": shapes.RETIRED_QUEUE},
        refusals=[404],
    )
    def post(self, request: Request, number: int) -> Response:
        """Have its messages brought back into a queue."""
        sent = shapes.Restoring.read(request.data)
        found = get_object_or_404(Quarantine, pk=number)
        operation = actions.request_restore(actor=self.actor, quarantine=found, **sent)
        return _created(request, operation)


class DiscardQuarantine(Endpoint):
    """Discarding."""

    scope = TokenScope.APPLY

    @documented(
        "Discard a quarantine",
        answer=shapes.OperationDetailOut,
        example={**DETAIL_EXAMPLE, "name": shapes.QUARANTINE_QUEUE},
        status=201,
        body=shapes.Discarding,
        body_example={"typed": shapes.RETIRED_QUEUE},
        refusals=[404],
    )
    def post(self, request: Request, number: int) -> Response:
        """Have it deleted with all that it keeps."""
        sent = shapes.Discarding.read(request.data)
        found = get_object_or_404(Quarantine, pk=number)
        operation = actions.discard_quarantine(actor=self.actor, quarantine=found, **sent)
        return _created(request, operation)


def _start(endpoint: Endpoint, sent: dict[str, Any]) -> Operation:
    if sent["kind"] == Operation.Kind.REMOVAL:
        if "queue_kind" in sent:
            raise ActionError("invalid_kind", "Only a swap changes a queue's kind.", "queue_kind")
        return actions.request_removal(
            actor=endpoint.actor,
            object_kind=sent["object"],
            name=sent["name"],
            messages=sent["messages"],
            typed=sent["typed"],
        )
    return actions.request_swap(
        actor=endpoint.actor, queue=sent["name"], kind=sent.get("queue_kind")
    )


def _created(request: Request, operation: Operation) -> Response:
    location = reverse("api:operation", [operation.pk], request=request)
    data = shapes.OperationDetailOut(operation).data
    return Response(data, status=201, headers={"Location": location})
