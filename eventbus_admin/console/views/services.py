"""Services: list, detail, create, edit, and what they may publish."""

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import ApiToken, Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.broker.factory import is_mock
from eventbus_admin.console import snippets
from eventbus_admin.console.abilities import abilities, limits
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out, may_own
from eventbus_admin.console.filters import options
from eventbus_admin.console.forms import ServiceChangeForm, ServiceForm
from eventbus_admin.console.paging import head, keyset_page
from eventbus_admin.journal.reads import workers_present
from eventbus_admin.reconcile.overlap import overlap_of
from eventbus_admin.reconcile.wording import credentials_of
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import EventType, Service
from eventbus_admin.registry.states import (
    LIVE_STATES,
    Lifecycle,
    PublicationState,
    ServiceKind,
    SubscriptionState,
)
from eventbus_admin.registry.tokens import tokens_visible_to
from eventbus_admin.registry.trail import history_visible_to

OFFERED_NAMES = 500
SHOWN = 20


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """List services, narrowed by text, kind and team."""
    found = Service.objects.visible_to(request.user).search(request.GET.get("q", ""))
    if kind := request.GET.get("kind"):
        found = found.filter(kind=kind)
    if owner := request.GET.get("owner"):
        found = found.owned_by(owner)
    page = keyset_page(found.with_related().with_counts(), request, ("name",))
    workers = dict(
        workers_present()
        .filter(service__in=[row.name for row in page.rows])
        .order_by()
        .values_list("service")
        .annotate(number=Count("pk"))
    )
    context = {
        "page": page,
        "rows": [(row, workers.get(row.name, 0)) for row in page.rows],
        "kinds": options(request, "kind", ServiceKind.choices),
        "teams": Team.objects.values_list("name", flat=True),
        "may_create": may_own(request.user),
    }
    return render(request, "console/services/list.html", context)


@require_safe
@signed_in
def detail(request: PersonRequest, name: str) -> HttpResponse:
    """Show one service: what it publishes, what it listens to, which workers run."""
    service = _find(request, name)
    rights = Rights(Actor.person(request.user))
    publications, more_publications = head(
        service.publications.exclude(state=PublicationState.RETIRED).select_related("event_type")
    )
    subscriptions, more_subscriptions = head(
        service.subscriptions.filter(state__in=(*LIVE_STATES, SubscriptionState.REQUESTED))
        .with_related()
        .select_related("status")
    )
    workers, more_workers = head(workers_present().filter(service=service.name))
    published = [row.event_type.name for row in publications if row.state == "active"]
    listened = [row.event_type.name for row in subscriptions if row.state in LIVE_STATES]
    context = {
        "service": service,
        "publications": publications,
        "more_publications": more_publications,
        "subscriptions": subscriptions,
        "more_subscriptions": more_subscriptions,
        "workers": workers,
        "more_workers": more_workers,
        "service_tokens": _tokens(request, service)[:SHOWN],
        "history": history_visible_to(request.user, service)[:6],
        "snippet": snippets.service(service.name, published, listened, declares=service.declares),
        "credentials": credentials_of(service),
        "overlap": overlap_of(service),
        "mock": is_mock(),
        "can": abilities(published, listened),
        "limits": limits(service),
        "may_edit": rights.can_edit(service.owner),
        "may_allow": rights.can_operate("allow a service to publish"),
        "event_type_names": EventType.objects.visible_to(request.user)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .values_list("name", flat=True)[:OFFERED_NAMES],
    }
    return render(request, "console/services/detail.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: PersonRequest) -> HttpResponse:
    """Register a new service."""
    form = ServiceForm(request.POST or None, user=request.user)
    service = form.carry_out(actions.create_service, request.user)
    if service is not None:
        messages.success(request, f"{service.name} is registered.")
        return redirect("console:service", service.name)
    context = {"form": form, "may_create": may_own(request.user)}
    return render(request, "console/services/form.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, name: str) -> HttpResponse:
    """Change what is said about a service."""
    service = _find(request, name)
    kept = {
        "owner": service.owner,
        "description": service.description,
        "contact": service.contact,
    }
    form = ServiceChangeForm(request.POST or None, user=request.user, initial=kept)
    if form.carry_out(actions.change_service, request.user, service=service) is not None:
        messages.success(request, f"{name} is changed.")
        return redirect("console:service", name)
    may_edit = Rights(Actor.person(request.user)).can_edit(service.owner)
    context = {"form": form, "service": service, "may_create": may_edit}
    return render(request, "console/services/form.html", context)


@require_POST
@signed_in
def allow(request: PersonRequest, name: str) -> HttpResponse:
    """Let a service publish an event type."""
    service = _find(request, name)
    event_type = request.POST.get("event_type", "").strip()
    if carried_out(request, actions.allow_publication, service=service, event_type=event_type):
        messages.success(request, f"{name} may publish {event_type} now.")
    return redirect("console:service", name)


@require_POST
@signed_in
def retire_publication(request: PersonRequest, name: str, pk: int) -> HttpResponse:
    """Take back that a service may publish an event type."""
    service = _find(request, name)
    publication = get_object_or_404(service.publications.select_related("event_type"), pk=pk)
    if carried_out(request, actions.retire_publication, publication=publication):
        messages.success(request, f"{name} may not publish {publication.event_type.name} now.")
    return redirect("console:service", name)


def _tokens(request: PersonRequest, service: Service) -> QuerySet[ApiToken]:
    over = Q(expires__lte=timezone.now())
    usable = tokens_visible_to(request.user).filter(revoked=None).exclude(over)
    return usable.filter(service=service.name)


def _find(request: PersonRequest, name: str) -> Service:
    return get_object_or_404(Service.objects.visible_to(request.user).with_related(), name=name)
