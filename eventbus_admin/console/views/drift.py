"""Drift: where the broker is not as the registry says, and carrying the difference out."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.context import Shell
from eventbus_admin.console.differences import differences
from eventbus_admin.console.filters import options
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.models import BrokerObject, Run, Sync

APPLICABLE = (Sync.MISSING, Sync.DIFFERS, Sync.SURPLUS)
RUNS = 10


@require_safe
@signed_in
def drift(request: PersonRequest) -> HttpResponse:
    """Show what differs, by state, and the runs that mended it."""
    counts = dict(BrokerObject.objects.order_by().values_list("sync").annotate(number=Count("pk")))
    differing = sum(
        number for sync, number in counts.items() if sync not in {Sync.IN_SYNC, Sync.UNKNOWN}
    )
    found = BrokerObject.objects.all()
    if sync := request.GET.get("sync"):
        found = found.filter(sync=sync)
    else:
        found = found.exclude(sync__in=(Sync.IN_SYNC, Sync.UNKNOWN))
    if text := request.GET.get("q", "").strip():
        found = found.filter(name__icontains=text)
    shell = Shell(request)
    context = {
        "page": keyset_page(found, request, ("kind", "name")),
        "states": options(
            request,
            "sync",
            [
                choice
                for choice in Sync.choices
                if counts.get(choice[0]) or choice[0] == request.GET.get("sync")
            ],
            everything="All drift",
            counts={**counts, "": differing},
        ),
        "counts": counts,
        "differing": differing,
        "applicable": sum(counts.get(sync, 0) for sync in APPLICABLE),
        "applicable_states": APPLICABLE,
        "observed_at": shell.state.observed_at if shell.state else None,
        "hearing": shell.state,
        "compare_seconds": settings.EVENTBUS_COMPARE_SECONDS,
        "may_apply": Rights(Actor.person(request.user)).can_operate("apply the plan"),
        "runs": Run.objects.select_related("requested_by")[:RUNS],
    }
    return render(request, "console/drift/page.html", context)


@require_safe
@signed_in
def difference(request: PersonRequest, pk: int) -> HttpResponse:
    """Return one object's difference, for the drawer or as a page of its own."""
    found = get_object_or_404(BrokerObject, pk=pk)
    context = {"object": found, "lines": differences(found.should, found.found)}
    fragment = request.headers.get("HX-Request")
    template = "console/drift/difference.html" if fragment else "console/drift/object.html"
    return render(request, template, context)


@require_POST
@signed_in
def apply(request: PersonRequest) -> HttpResponse:
    """Ask the worker to bring the broker to the registry: everything, or the objects chosen."""
    chosen = request.POST.getlist("name") if "chosen" in request.POST else None
    if chosen == []:
        messages.warning(request, "Nothing was chosen. Tick what should be applied.")
        return redirect("console:drift")
    run = carried_out(request, request_apply, names=chosen)
    return redirect("console:run", run.pk) if run else redirect("console:drift")
