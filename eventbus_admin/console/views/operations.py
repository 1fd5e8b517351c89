"""Operations on queues: removing, replacing, restoring, and how far each one is."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bus_core.topology import parse_name
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.context import Shell
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.reconcile.operations.phases import may_turn_back, steps_of
from eventbus_admin.registry.models import Subscription

QUARANTINES = 50
TARGETS = 200


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Show what is done to queues, and what removed ones left behind."""
    kept = Quarantine.objects.filter(outcome=Quarantine.Outcome.KEPT)
    context = {
        "page": keyset_page(Operation.objects.all(), request, ("created",), descending=True),
        "quarantines": kept[:QUARANTINES],
        "more": max(0, kept.count() - QUARANTINES),
        "days": settings.EVENTBUS_QUARANTINE_DAYS,
    }
    return render(request, "console/operations/list.html", context)


@require_safe
@signed_in
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Show one operation; it refreshes itself until it ended."""
    return render(request, "console/operations/page.html", _state(request, pk))


@require_safe
@signed_in
def progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Return how far an operation is."""
    return render(request, "console/operations/progress.html", _state(request, pk))


@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what removing an object loses, and have it removed."""
    found = get_object_or_404(BrokerObject, pk=pk)
    if request.method == "POST":
        asked = carried_out(
            request,
            actions.request_removal,
            object_kind=found.kind,
            name=found.name,
            messages=request.POST.get("messages", "keep"),
            typed=request.POST.get("typed", ""),
        )
        return _to(asked) or redirect("console:operation-remove", pk)
    if found.sync != Sync.UNMANAGED:
        raise Http404("Only what the registry does not ask for is removed.")
    seen = found.found or {}
    context = {
        "object": found,
        "held": seen.get("messages", 0),
        "consumers": seen.get("consumers", 0),
        "is_queue": found.kind == "queue",
        "is_stream": seen.get("type") == "stream",
        "observed_at": _observed_at(request),
        "days": settings.EVENTBUS_QUARANTINE_DAYS,
    }
    return _form(request, "remove", context)


@require_http_methods(["GET", "POST"])
@signed_in
def replace(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what replacing a queue means, and have it replaced."""
    found = get_object_or_404(BrokerObject, pk=pk)
    if request.method == "POST":
        asked = carried_out(request, actions.request_swap, queue=found.name)
        return _to(asked) or redirect("console:operation-replace", pk)
    own = parse_name(found.name)
    if found.sync != Sync.BLOCKED or own is None or own.role != "consumer":
        raise Http404("Only a subscription's queue that differs is replaced.")
    context = {"object": found, "own": own, "observed_at": _observed_at(request)}
    return _form(request, "replace", context)


@require_POST
@signed_in
def pause(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Let it rest."""
    return _act(request, actions.pause_operation, pk)


@require_POST
@signed_in
def resume(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Let it go on."""
    return _act(request, actions.resume_operation, pk)


@require_POST
@signed_in
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Take it back."""
    return _act(request, actions.cancel_operation, pk)


@require_http_methods(["GET", "POST"])
@signed_in
def quarantine(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one quarantine, and have its messages restored."""
    found = get_object_or_404(Quarantine, pk=pk)
    if request.method == "POST":
        asked = carried_out(
            request, actions.request_restore, quarantine=found, to=request.POST.get("to", "")
        )
        return _to(asked) or redirect("console:quarantine", pk)
    live = Subscription.objects.live().with_related()
    if found.event_type_name:
        live = live.filter(event_type__name=found.event_type_name)
    targets = [one.queue_name for one in live[:TARGETS]]
    own = parse_name(found.source)
    if own is not None and own.role == "dead":
        targets.insert(0, found.source)
    context = {
        "quarantine": found,
        "targets": targets,
        "under_way": Operation.objects.filter(
            name=found.name, state__in=Operation.UNFINISHED
        ).first(),
    }
    return render(request, "console/operations/quarantine.html", context)


@require_POST
@signed_in
def discard(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a quarantine deleted with all that it keeps."""
    found = get_object_or_404(Quarantine, pk=pk)
    typed = request.POST.get("typed", "")
    asked = carried_out(request, actions.discard_quarantine, quarantine=found, typed=typed)
    return _to(asked) or redirect("console:quarantine", pk)


def _act(request: PersonRequest, action: Callable[..., Operation], operation: UUID) -> HttpResponse:
    done = carried_out(request, action, operation=operation)
    if done is not None:
        messages.success(request, "The worker process takes it up within a second.")
    return redirect("console:operation", operation)


def _to(operation: Operation | None) -> HttpResponse | None:
    return redirect("console:operation", operation.pk) if operation is not None else None


def _form(request: PersonRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    fragment = request.headers.get("HX-Request")
    template = f"console/operations/{name}.html" if fragment else "console/operations/ask.html"
    body = {"body": f"console/operations/{name}.html", "may": Shell(request).may_operate}
    return render(request, template, {**context, **body})


def _observed_at(request: PersonRequest) -> object:
    state = Shell(request).state
    return state.observed_at if state else None


def _state(request: PersonRequest, pk: UUID) -> dict[str, object]:
    found = get_object_or_404(Operation, pk=pk)
    kept = Quarantine.objects.filter(name=found.option("quarantine") or "").first()
    return {
        "operation": found,
        "steps": steps_of(found),
        "ended": found.ended,
        "quarantine": kept,
        "may": Shell(request).may_operate,
        "may_turn_back": may_turn_back(found) and found.state != Operation.State.CANCELLING,
    }
