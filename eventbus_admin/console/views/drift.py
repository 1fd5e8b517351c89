"""Drift: where the broker is not as the registry says."""

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
from eventbus_admin.console.choosing import FILTERS, narrowed, row_of
from eventbus_admin.console.context import Shell
from eventbus_admin.console.differences import differences
from eventbus_admin.console.filters import options
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.console.shares import shares
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.adopting import adoptions_by_service
from eventbus_admin.reconcile.models import NOT_DRIFT, BrokerObject, Run, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.policy import apply_setting, said
from eventbus_admin.reconcile.removing import remove_unmanaged_user
from eventbus_admin.reconcile.stored_plan import applicable, differing
from eventbus_admin.registry.revision import current_revision

RUNS = 5
SERVICES = 6
OFFERED_SERVICES = 100


@require_safe
@signed_in
def drift(request: PersonRequest) -> HttpResponse:
    """Show what differs, by state, and the runs that mended it."""
    counts, kinds = _counted()
    number = sum(count for sync, count in counts.items() if sync not in NOT_DRIFT)
    filters = {name: request.GET.get(name, "") for name in FILTERS}
    page = keyset_page(narrowed(filters), request, ("kind", "name"))
    states = options(
        request,
        "sync",
        [one for one in Sync.choices if counts.get(one[0]) or one[0] == filters["sync"]],
        everything="All drift",
        counts={**counts, "": number},
    )
    state = Shell.of(request).state
    strangers = counts.get(Sync.UNMANAGED)
    unknown, more = adoptions_by_service(SERVICES) if strangers else ([], 0)
    context = {
        "page": page,
        "rows": [row_of(one) for one in page.rows],
        "states": states,
        "shares": shares(states),
        "counts": counts,
        "differing": number,
        "applicable": applicable().count(),
        "observed_at": state.observed_at if state else None,
        "hearing": state,
        "compare_seconds": settings.EVENTBUS_COMPARE_SECONDS,
        "policy": said(apply_setting(), heals=settings.EVENTBUS_SELF_HEAL),
        "may_apply": Rights(Actor.person(request.user)).can_operate("apply the plan"),
        "kinds": kinds,
        "services": _services(),
        "unknown_services": unknown,
        "more_unknown_services": more,
        "runs": Run.objects.select_related("requested_by").defer("steps")[:RUNS],
    }
    return render(request, "console/drift/page.html", context)


@require_safe
@signed_in
def difference(request: PersonRequest, pk: int) -> HttpResponse:
    """Return one object's difference, for the drawer or as a page of its own."""
    found = get_object_or_404(BrokerObject, pk=pk)
    rights = Rights(Actor.person(request.user))
    context = {
        "object": found,
        "row": row_of(found),
        "lines": differences(found.should, found.found),
        "is_stranger": found.kind == ObjectKind.USER and found.sync == Sync.UNMANAGED,
        "may_apply": rights.can_operate("apply the plan"),
        "may_remove": rights.can_operate("remove it"),
    }
    fragment = request.headers.get("HX-Request")
    template = "console/drift/difference.html" if fragment else "console/drift/object.html"
    return render(request, template, context)


@require_POST
@signed_in
def remove_user(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a user taken away from the broker that was never issued here."""
    found = get_object_or_404(BrokerObject, pk=pk)
    confirm = request.POST.get("confirm", "").strip()
    if carried_out(request, remove_unmanaged_user, user=found.name, confirm=confirm):
        arrived = wait_until_applied(current_revision())
        when = "is gone" if arrived else "goes as soon as the broker hears of it"
        messages.success(request, f"{found.name} {when}, and its connections with it.")
    return redirect("console:drift")


def _counted() -> tuple[dict[str, int], list[str]]:
    """Return how many objects are in each state, and the kinds of which some differ."""
    counts: dict[str, int] = {}
    kinds = set()
    rows = BrokerObject.objects.order_by().values_list("kind", "sync")
    for kind, sync, number in rows.annotate(number=Count("pk")):
        counts[sync] = counts.get(sync, 0) + number
        if sync not in NOT_DRIFT:
            kinds.add(kind)
    return counts, sorted(kinds)


def _services() -> list[str]:
    named = differing().exclude(service_name="").order_by("service_name")
    return list(named.values_list("service_name", flat=True).distinct()[:OFFERED_SERVICES])
