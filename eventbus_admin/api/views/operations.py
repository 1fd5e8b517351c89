"""Status, plan and runs."""

from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.fields import Moment
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings, keyset_page
from eventbus_admin.api.serializers import operations
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.operations import (
    AdoptionOut,
    NewAdoption,
    NewRun,
    PlanParameters,
    RunDetailOut,
    RunOut,
    RunParameters,
    StatusOut,
    StepOut,
)
from eventbus_admin.api.views.base import Endpoint, envelope
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.adopting import adopt
from eventbus_admin.reconcile.adoption import Adoption
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run
from eventbus_admin.reconcile.objects import step_id
from eventbus_admin.reconcile.plan import step_for
from eventbus_admin.reconcile.policy import apply_setting
from eventbus_admin.reconcile.stored_plan import differing, is_applicable, plan_id
from eventbus_admin.registry.revision import current_revision

PLAN_ORDERINGS: Orderings = {"object": ("kind", "name")}
PLAN_FILTERS = {
    "sync": "sync",
    "object": "kind",
    "service": "service_name",
    "event_type": "event_type_name",
}
RUN_ORDERINGS: Orderings = {"created": ("created", "id")}


class Status(Endpoint):
    """How the installation is."""

    @documented("Read the status", answer=StatusOut, example=operations.STATUS_EXAMPLE)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return broker, drift and revisions as of the worker's last look."""
        self.require_view()
        state = ReconcileState.objects.first() or ReconcileState()
        status = {
            "backend": settings.EVENTBUS_BACKEND,
            "broker": {
                "name": state.broker_name,
                "version": state.broker_version,
                "reachable": state.reachable,
                "error": state.error,
                "observed_at": state.observed_at,
                "hints": state.hearing,
                "hints_message": state.hearing_message,
            },
            "drift": state.counts,
            "policy": apply_setting(),
            "registry_revision": current_revision(),
            "applied_revision": state.applied_revision,
        }
        return Response(StatusOut(status).data)


class Plan(Endpoint):
    """What differs now."""

    parameters = PlanParameters

    @documented(
        "Read the plan",
        answer=page_of(
            StepOut,
            id=serializers.CharField(),
            policy=serializers.ChoiceField(operations.POLICIES),
            observed_at=Moment(allow_null=True),
        ),
        example={
            "next": None,
            "previous": None,
            "id": operations.PLAN_ID,
            "policy": "sync",
            "observed_at": "2026-11-23T18:39:11.034Z",
            "results": [operations.STEP_EXAMPLE],
        },
        parameters=PlanParameters,
    )
    def get(self, request: Request) -> Response:
        """List what was not as the registry says at the last look.

        Steps that say `applies` can be applied, those of the kind adopt adopted; `id` is for
        `runs/`.
        """
        self.require_view()
        found = self.filtered(differing(), PLAN_FILTERS)
        for word in self.wanted.get("search", "").split():
            found = found.filter(name__icontains=word)
        page = keyset_page(found, request, self.wanted, PLAN_ORDERINGS)
        state = ReconcileState.objects.first()
        more = {
            "id": plan_id(),
            "policy": apply_setting(),
            "observed_at": Moment().to_representation(state.observed_at if state else None),
        }
        results = StepOut([_step(row) for row in page.rows], many=True).data
        return Response(envelope(page, results, **more))


class Adopt(Endpoint):
    """The registry takes over what is on the broker."""

    @documented(
        "Adopt what is on the broker",
        answer=AdoptionOut,
        example=operations.ADOPTION_EXAMPLE,
        body=NewAdoption,
        body_example={"steps": [f"queue {operations.QUEUE}"], "owner": "Exports"},
    )
    def post(self, request: Request) -> Response:
        """Register what the plan's steps of the kind adopt are about; operators may.

        The broker is not touched. With a subscription come its event type and its service. A
        blocked queue of another kind than the registry says can be adopted too: the registry's
        kind becomes the queue's.
        """
        sent = NewAdoption.read(request.data)
        adoption = adopt(actor=self.actor, steps=sent["steps"], owner=sent.get("owner"))
        return Response(AdoptionOut(_adopted(adoption)).data)


class Runs(Endpoint):
    """Runs."""

    parameters = RunParameters
    scope = TokenScope.APPLY

    @documented(
        "List runs",
        answer=page_of(RunOut),
        example={"next": None, "previous": None, "results": [operations.RUN_EXAMPLE]},
        parameters=RunParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List runs, the latest first."""
        self.require_view()
        found = Run.objects.select_related("requested_by").defer("steps")
        return self.page(self.filtered(found, {"state": "state"}), RUN_ORDERINGS, RunOut)

    @documented(
        "Start a run",
        answer=RunDetailOut,
        example={
            **operations.RUN_DETAIL_EXAMPLE,
            "state": "queued",
            "progress": {"total": 1, "done": 0, "failed": 0},
            "started": None,
            "finished": None,
        },
        status=201,
        body=NewRun,
        body_example={"plan": operations.PLAN_ID, "steps": [f"queue {operations.QUEUE}"]},
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Have the plan applied, or chosen steps of it; operators may.

        409 when the plan is another one by now, 503 while the broker cannot be read. A run whose
        steps have changed when it is carried out is refused as a whole: then `refused` is true.
        """
        sent = NewRun.read(request.data)

        def create() -> Response:
            run = request_apply(actor=self.actor, names=sent.get("steps"), plan=sent["plan"])
            location = reverse("api:run", [run.pk], request=request)
            data = RunDetailOut(run).data
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)


class OneRun(Endpoint):
    """One run."""

    @documented(
        "Read a run", answer=RunDetailOut, example=operations.RUN_DETAIL_EXAMPLE, refusals=[404]
    )
    def get(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Return how far it is, step by step."""
        self.require_view()
        found = get_object_or_404(Run.objects.select_related("requested_by"), pk=pk)
        return Response(RunDetailOut(found).data)


def _step(row: BrokerObject) -> dict[str, object]:
    return {
        "id": step_id(row.kind, row.name),
        "kind": step_for(row.kind, row),
        "applies": is_applicable(row),
        "object": row.kind,
        "name": row.name,
        "sync": row.sync,
        "service": row.service_name,
        "event_type": row.event_type_name,
        "message": row.message,
        "impact": row.impact,
        "should": row.should,
        "found": row.found,
        "since": row.since,
    }


def _adopted(adoption: Adoption) -> dict[str, object]:
    return {
        "services": adoption.services,
        "event_types": adoption.event_types,
        "subscriptions": [
            {"event_type": one.event_type, "service": one.service, "kind": one.kind.value}
            for one in adoption.subscriptions
        ],
        "left": adoption.left,
    }
