"""Event types: list, detail, create, edit, lifecycle."""

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console import activity, snippets
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out, may_own
from eventbus_admin.console.filters import options
from eventbus_admin.console.forms import EventTypeChangeForm, EventTypeForm
from eventbus_admin.console.looks import look_of
from eventbus_admin.console.paging import head, keyset_page
from eventbus_admin.console.sights import sight_for
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.reads import last_rows
from eventbus_admin.journal.rows import EventFilter, Row
from eventbus_admin.journal.sight import Sight
from eventbus_admin.payloads.revealing import VERB
from eventbus_admin.registry.actions import change_event_type, create_event_type, set_lifecycle
from eventbus_admin.registry.history import history
from eventbus_admin.registry.models import EventType
from eventbus_admin.registry.states import (
    LIVE_STATES,
    Lifecycle,
    PublicationState,
    SubscriptionState,
)
from eventbus_admin.registry.trail import history_visible_to

REVEALS = 5
_SAYS = {
    Lifecycle.DRAFT: "announced, and not in use yet",
    Lifecycle.ACTIVE: "in use",
    Lifecycle.DEPRECATED: "in use, and on its way out: nothing new should build on it",
    Lifecycle.RETIRED: "takes no new subscriptions",
}


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """List event types, narrowed by text, lifecycle and team."""
    found = EventType.objects.visible_to(request.user).search(request.GET.get("q", ""))
    if lifecycle := request.GET.get("lifecycle"):
        found = found.filter(lifecycle=lifecycle)
    if owner := request.GET.get("owner"):
        found = found.owned_by(owner)
    latest = JournalEntry.objects.filter(type=OuterRef("name")).order_by("-id")
    rows = found.with_related().with_counts().annotate(last=Subquery(latest.values("seen")[:1]))
    page = keyset_page(rows, request, ("name",))
    sparks = activity.sparks([row.name for row in page.rows])
    context = {
        "page": page,
        "rows": [(row, sparks[row.name]) for row in page.rows],
        "lifecycles": options(request, "lifecycle", Lifecycle.choices),
        "teams": Team.objects.values_list("name", flat=True),
        "may_create": may_own(request.user),
    }
    return render(request, "console/event_types/list.html", context)


@require_safe
@signed_in
def detail(request: PersonRequest, name: str) -> HttpResponse:
    """Show one event type: what it is, who publishes it, who listens, what came lately."""
    event_type = _find(request, name)
    publications, more_publications = head(
        event_type.publications.filter(
            state__in=(PublicationState.ACTIVE, PublicationState.REQUESTED)
        ).select_related("service")
    )
    subscriptions, more_subscriptions = head(
        event_type.subscriptions.filter(state__in=(*LIVE_STATES, SubscriptionState.REQUESTED))
        .with_related()
        .select_related("status")
    )
    may_edit = Rights(Actor.person(request.user)).can_edit(event_type.owner)
    sight = sight_for(request)
    publisher = publications[0].service.name if publications else "my-service"
    context = {
        "event_type": event_type,
        "says": _SAYS[Lifecycle(event_type.lifecycle)],
        "publications": publications,
        "more_publications": more_publications,
        "subscriptions": subscriptions,
        "more_subscriptions": more_subscriptions,
        "events": list(reversed(_latest(event_type, sight))),
        "hidden": not sight.shows(event_type.name),
        "reveals": history(event_type).filter(verb=VERB)[:REVEALS] if may_edit else [],
        "chart": activity.hour_chart(event_type.name),
        "history": history_visible_to(request.user, event_type)[:6],
        "snippet": snippets.publisher(event_type.name, publisher, event_type.example),
        "command": snippets.publish_command(event_type.name),
        "may_edit": may_edit,
        "next_lifecycles": _next_lifecycles(event_type),
    }
    return render(request, "console/event_types/detail.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: PersonRequest) -> HttpResponse:
    """Register a new event type."""
    form = EventTypeForm(request.POST or None, user=request.user)
    event_type = form.carry_out(create_event_type, request.user)
    if event_type is not None:
        messages.success(request, f"{event_type.name} is registered.")
        return redirect("console:event-type", event_type.name)
    context = {"form": form, "may_create": may_own(request.user)}
    return render(request, "console/event_types/form.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, name: str) -> HttpResponse:
    """Change what is said about an event type."""
    event_type = _find(request, name)
    kept = {
        "owner": event_type.owner,
        "description": event_type.description,
        "example": event_type.example,
        "private": event_type.private,
    }
    form = EventTypeChangeForm(request.POST or None, user=request.user, initial=kept)
    if form.carry_out(change_event_type, request.user, event_type=event_type) is not None:
        messages.success(request, f"{name} is changed.")
        return redirect("console:event-type", name)
    may_edit = Rights(Actor.person(request.user)).can_edit(event_type.owner)
    context = {"form": form, "event_type": event_type, "may_create": may_edit}
    return render(request, "console/event_types/form.html", context)


@require_POST
@signed_in
def lifecycle(request: PersonRequest, name: str) -> HttpResponse:
    """Move an event type on in its life."""
    event_type = _find(request, name)
    target = request.POST.get("to", "")
    changed = carried_out(request, set_lifecycle, event_type=event_type, lifecycle=target)
    if changed is not None:
        messages.success(request, f"{name} is {look_of(changed.lifecycle).word.lower()} now.")
    return redirect("console:event-type", name)


def _find(request: PersonRequest, name: str) -> EventType:
    return get_object_or_404(EventType.objects.visible_to(request.user).with_related(), name=name)


def _latest(event_type: EventType, sight: Sight) -> list[Row]:
    return last_rows(EventFilter(type=event_type.name), sight=sight, limit=8)


def _next_lifecycles(event_type: EventType) -> list[tuple[str, str, str]]:
    steps = {
        Lifecycle.DRAFT: [(Lifecycle.ACTIVE, "Activate", "play")],
        Lifecycle.ACTIVE: [(Lifecycle.DEPRECATED, "Deprecate", "archive")],
        Lifecycle.DEPRECATED: [(Lifecycle.ACTIVE, "Activate again", "play")],
        Lifecycle.RETIRED: [(Lifecycle.ACTIVE, "Activate again", "play")],
    }
    current = Lifecycle(event_type.lifecycle)
    return [(target.value, label, icon) for target, label, icon in steps[current]]
