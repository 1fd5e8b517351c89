"""A service's credentials: issuing, issuing anew, revoking. One answer shows a secret, once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from eventbus_admin.broker.factory import is_mock
from eventbus_admin.broker.users import connection_url, current_login
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.wording import credentials_of, when_it_holds
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.revision import current_revision


@require_POST
@never_cache
@signed_in
def issue(request: PersonRequest, name: str) -> HttpResponse:
    """Issue the first ones."""
    return _show_once(request, name, actions.issue_credential)


@require_POST
@never_cache
@signed_in
def reissue(request: PersonRequest, name: str) -> HttpResponse:
    """Issue new ones, in the place of the old or beside them for a while."""
    keep_old = bool(request.POST.get("keep_old"))
    return _show_once(request, name, actions.reissue_credential, keep_old=keep_old)


@require_POST
@signed_in
def revoke(request: PersonRequest, name: str) -> HttpResponse:
    """Revoke all, or the one in the slot that was chosen."""
    slot = request.POST.get("slot") or None
    service = _find(request, name)
    if carried_out(request, actions.revoke_credentials, service=service, slot=slot):
        arrived = wait_until_applied(current_revision())
        when = when_it_holds(arrived=arrived)
        messages.success(request, f"Revoked: nobody signs in with it {when}.")
    return redirect("console:service", name)


def _show_once(
    request: PersonRequest, name: str, action: Callable[..., actions.Issued], **values: Any
) -> HttpResponse:
    service = _find(request, name)
    issued = carried_out(request, action, service=service, **values)
    if issued is None:
        return redirect("console:service", name)
    wait_until_applied(current_revision())
    said = {one: sentence for one, _sync, sentence in credentials_of(service)}
    context = {
        "service": service,
        "login": current_login(issued.credential.user),
        "secret": issued.secret,
        "url": connection_url(issued.credential.user, issued.secret),
        "not_yet": said.get(issued.credential, ""),
        "mock": is_mock(),
        "kept_old": values.get("keep_old", False),
    }
    return render(request, "console/services/issued.html", context)


def _find(request: PersonRequest, name: str) -> Service:
    return get_object_or_404(Service.objects.visible_to(request.user).with_related(), name=name)
