"""Runs: the steps of a plan as they are carried out, and what was carried out before."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.filters import options, tokens
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.reconcile.impact import once
from eventbus_admin.reconcile.models import Run

SHOWN = 200
_ORDER = {"failed": 0, "skipped": 1, "pending": 2, "done": 3}
_ASKED = (("person", "Asked for by a person"), ("system", "By itself"))


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """List runs, the latest first, narrowed by state and by who asked."""
    found = Run.objects.select_related("requested_by").defer("steps")
    if state := request.GET.get("state"):
        found = found.filter(state=state)
    match request.GET.get("asked"):
        case "person":
            found = found.exclude(requested_by=None)
        case "system":
            found = found.filter(requested_by=None)
    if who := request.GET.get("who"):
        found = found.filter(requested_by__username=who)
    context = {
        "page": keyset_page(found, request, ("created",), descending=True),
        "states": options(request, "state", Run.State.choices),
        "asked": options(request, "asked", _ASKED),
        "tokens": tokens(request, [("who", "By")]),
    }
    return render(request, "console/runs/list.html", context)


@require_safe
@signed_in
def run(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Show a run; it refreshes itself until it ended."""
    return render(request, "console/runs/page.html", _context(pk))


@require_safe
@signed_in
def progress(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Return how far a run is."""
    return render(request, "console/runs/progress.html", _context(pk))


def _context(pk: UUID) -> dict[str, object]:
    found = get_object_or_404(Run.objects.select_related("requested_by"), pk=pk)
    steps = sorted(found.steps, key=lambda step: _ORDER.get(step.get("result", ""), 0))
    return {
        "run": found,
        "steps": steps[:SHOWN],
        "more": max(0, len(steps) - SHOWN),
        "impacts": once(step.get("impact", "") for step in found.steps),
        "over": found.done + found.failed,
    }
