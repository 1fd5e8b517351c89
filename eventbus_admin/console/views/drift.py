"""Drift: where the broker is not as the registry says."""

from django.conf import settings
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.choosing import FILTERS, narrowed, row_of
from eventbus_admin.console.context import Shell
from eventbus_admin.console.differences import differences
from eventbus_admin.console.filters import options
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.console.shares import shares
from eventbus_admin.reconcile.adopting import adoptions_by_service
from eventbus_admin.reconcile.models import BrokerObject, Run, Sync
from eventbus_admin.reconcile.policy import apply_setting, said
from eventbus_admin.reconcile.stored_plan import applicable, differing

RUNS = 5
SERVICES = 6
OFFERED_SERVICES = 500


@require_safe
@signed_in
def drift(request: PersonRequest) -> HttpResponse:
    """Show what differs, by state, and the runs that mended it."""
    counts = dict(BrokerObject.objects.order_by().values_list("sync").annotate(number=Count("pk")))
    number = differing().count()
    filters = {name: request.GET.get(name, "") for name in FILTERS}
    page = keyset_page(narrowed(filters), request, ("kind", "name"))
    states = options(
        request,
        "sync",
        [one for one in Sync.choices if counts.get(one[0]) or one[0] == filters["sync"]],
        everything="All drift",
        counts={**counts, "": number},
    )
    state = Shell(request).state
    unknown = adoptions_by_service() if counts.get(Sync.UNMANAGED) else []
    context = {
        "page": page,
        "rows": [row_of(one) for one in page.rows],
        "states": states,
        "shares": shares(states),
        "counts": counts,
        "differing": number,
        "applicable": applicable().count(),
        "observed_at": state.observed_at if state else None,
        "policy": said(apply_setting(), heals=settings.EVENTBUS_SELF_HEAL),
        "may_apply": Rights(Actor.person(request.user)).can_operate("apply the plan"),
        "kinds": differing().order_by("kind").values_list("kind", flat=True).distinct(),
        "services": _services(),
        "unknown_services": unknown[:SERVICES],
        "more_unknown_services": max(0, len(unknown) - SERVICES),
        "runs": Run.objects.select_related("requested_by").defer("steps")[:RUNS],
    }
    return render(request, "console/drift/page.html", context)


@require_safe
@signed_in
def difference(request: PersonRequest, pk: int) -> HttpResponse:
    """Return one object's difference, for the drawer or as a page of its own."""
    found = get_object_or_404(BrokerObject, pk=pk)
    context = {
        "object": found,
        "row": row_of(found),
        "lines": differences(found.should, found.found),
        "may_apply": Rights(Actor.person(request.user)).can_operate("apply the plan"),
    }
    fragment = request.headers.get("HX-Request")
    template = "console/drift/difference.html" if fragment else "console/drift/object.html"
    return render(request, template, context)


def _services() -> list[str]:
    named = differing().exclude(service_name="").order_by("service_name")
    return list(named.values_list("service_name", flat=True).distinct()[:OFFERED_SERVICES])
