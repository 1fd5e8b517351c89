"""A run: the steps of a plan as they are carried out."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.reconcile.models import Run


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
    results = [step.get("result") for step in found.steps]
    return {
        "run": found,
        "done": results.count("done"),
        "failed": results.count("failed"),
        "total": len(results),
        "ended": found.state in {Run.State.DONE, Run.State.FAILED},
    }
