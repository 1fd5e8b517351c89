"""Mending drift, in either direction: what would be done, applying it, adopting it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.choosing import Choice, Row, choice_of, rows_of
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.adopting import adopt as adopt_steps
from eventbus_admin.reconcile.adopting import what_adopting_means
from eventbus_admin.reconcile.impact import once
from eventbus_admin.reconcile.stored_plan import plan_id

SHOWN = 100


@require_POST
@signed_in
def review(request: PersonRequest) -> HttpResponse:
    """Show what would be done and what it means for messages, for the drawer or as a page."""
    choice = choice_of(request.POST)
    rows = rows_of(choice)
    if not rows:
        return _nothing(request, choice)
    context = {
        "choice": choice,
        "rows": rows[:SHOWN],
        "number": len(rows),
        "more": max(0, len(rows) - SHOWN),
        "may_apply": Rights(Actor.person(request.user)).can_operate("apply the plan"),
    }
    if choice.verb == "adopt":
        context["adoption"] = what_adopting_means([row.id for row in rows])
        context["teams"] = Team.objects.order_by("name").values_list("name", flat=True)
    else:
        objects = [row.object for row in rows]
        context["impacts"] = once(one.impact for one in objects)
        context["seen"] = plan_id(objects)
    part = f"console/drift/{choice.verb}.html"
    if request.headers.get("HX-Request"):
        return render(request, part, context)
    return render(request, "console/drift/review.html", {**context, "part": part})


@require_POST
@signed_in
def apply(request: PersonRequest) -> HttpResponse:
    """Ask the worker to bring the broker to the registry: everything, or the steps chosen."""
    choice = choice_of(request.POST)
    rows = rows_of(choice)
    if not rows:
        return _nothing(request, choice)
    everything = choice.ids is None and not choice.filters
    steps = None if everything else _ids(rows)
    seen = request.POST.get("seen") or None
    run = carried_out(request, request_apply, names=steps, seen=seen)
    return redirect("console:run", run.pk) if run else redirect("console:drift")


@require_POST
@signed_in
def adopt(request: PersonRequest) -> HttpResponse:
    """Have the registry take over what is on the broker."""
    choice = choice_of(request.POST)
    steps = _ids(rows_of(choice))
    if not steps:
        return _nothing(request, choice)
    owner = request.POST.get("owner", "")
    done = carried_out(request, adopt_steps, steps=steps, owner=owner)
    if done is not None:
        messages.success(
            request, f"Adopted: {done.summary}. The next look at the broker shows it in order."
        )
    return redirect("console:drift")


def _ids(rows: list[Row]) -> list[str]:
    return [row.id for row in rows]


def _nothing(request: PersonRequest, choice: Choice) -> HttpResponse:
    what = "applied" if choice.verb == "apply" else "adopted"
    if choice.ids == ():
        messages.warning(request, f"Nothing was chosen. Tick what should be {what}.")
    else:
        messages.warning(request, f"None of this can be {what}. It may be in order by now.")
    drift = reverse("console:drift")
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": drift})
    return redirect(drift)
