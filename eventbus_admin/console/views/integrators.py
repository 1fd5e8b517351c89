"""Integrators: who asks for what, deciding about it, and inviting more of them."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.abilities import abilities, limits, may_listen, may_publish
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.integrators import actions
from eventbus_admin.integrators.invitations import VALID_DAYS
from eventbus_admin.integrators.models import AccessRequest, Invitation
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.states import ServiceKind

SHOWN = 50

REGISTRATION = {
    "open": "Anybody may register a service here; what it asks for waits for a decision.",
    "invite": "Whoever has an invitation may register a service; what it asks for waits.",
    "closed": "Only operators register services of others (EVENTBUS_REGISTRATION is closed).",
}


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Show what waits for a decision, then the integrators there are."""
    waiting = AccessRequest.objects.visible_to(request.user).waiting()
    asks = Count("requests", filter=Q(requests__state=AccessRequest.State.REQUESTED))
    found = Service.objects.visible_to(request.user).filter(kind=ServiceKind.INTEGRATOR)
    may_operate = Rights(Actor.person(request.user)).can_operate("decide about requests")
    context = {
        "waiting": waiting.with_related()[:SHOWN],
        "waiting_count": waiting.count(),
        "page": keyset_page(
            found.with_related().with_counts().annotate(asks=asks), request, ("name",)
        ),
        "registration": REGISTRATION[settings.EVENTBUS_REGISTRATION],
        "may_operate": may_operate,
        "invites": settings.EVENTBUS_REGISTRATION == "invite",
        "invitations": _open_invitations() if may_operate else [],
        "valid_days": VALID_DAYS,
    }
    return render(request, "console/integrators/list.html", context)


@require_safe
@signed_in
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one request: who asks for what and why, and what it would be able to do."""
    asked = _find(request, pk)
    service, event_type = asked.service, asked.event_type.name
    publishes = service.publications.active().values_list("event_type__name", flat=True)
    listens = service.subscriptions.live().values_list("event_type__name", flat=True)
    publication = asked.kind == AccessRequest.Kind.PUBLICATION
    context = {
        "asked": asked,
        "service": service,
        "would": may_publish(event_type) if publication else may_listen(event_type),
        "can": abilities(list(publishes), list(listens)),
        "limits": limits(service),
        "others": AccessRequest.objects.of(service).exclude(pk=pk).with_related()[:SHOWN],
        "may_decide": Rights(Actor.person(request.user)).can_operate("decide about requests"),
    }
    return render(request, "console/integrators/request.html", context)


@require_POST
@signed_in
def approve(request: PersonRequest, pk: int) -> HttpResponse:
    """Let the service have what it asked for."""
    _find(request, pk)
    reason = request.POST.get("reason", "")
    done = carried_out(request, actions.approve_request, request=pk, reason=reason)
    if done is not None:
        messages.success(request, f"Approved: {done.service.name} gets what it asked for.")
        wait_until_applied(current_revision())
    return redirect("console:request", pk)


@require_POST
@signed_in
def decline(request: PersonRequest, pk: int) -> HttpResponse:
    """Do not let the service have what it asked for."""
    _find(request, pk)
    reason = request.POST.get("reason", "")
    done = carried_out(request, actions.decline_request, request=pk, reason=reason)
    if done is not None:
        messages.success(request, f"Declined. {done.service.name} can read why.")
    return redirect("console:request", pk)


@require_POST
@never_cache
@signed_in
def invite(request: PersonRequest) -> HttpResponse:
    """Make an invitation and show its code, once."""
    note = request.POST.get("note", "")
    invited = carried_out(request, actions.invite_integrator, note=note)
    if invited is None:
        return redirect("console:integrators")
    context = {"code": invited.code, "invitation": invited.invitation, "valid_days": VALID_DAYS}
    return render(request, "console/integrators/invited.html", context)


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Make an invitation worthless."""
    invitation = get_object_or_404(Invitation, pk=pk)
    if carried_out(request, actions.withdraw_invitation, invitation=invitation):
        messages.success(request, "The invitation is withdrawn.")
    return redirect("console:integrators")


def _open_invitations() -> list[Invitation]:
    found = Invitation.objects.in_state(Invitation.State.OPEN)
    return list(found.select_related("created_by")[:SHOWN])


def _find(request: PersonRequest, pk: int) -> AccessRequest:
    visible = AccessRequest.objects.visible_to(request.user).with_related()
    return get_object_or_404(visible, pk=pk)
