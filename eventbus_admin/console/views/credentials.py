"""A service's credentials: issuing, rotating, revoking. One answer shows a secret, once."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.broker.factory import is_mock
from eventbus_admin.broker.users import connection_url, current_login
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.overlap import overlap_of
from eventbus_admin.reconcile.wording import credentials_of, when_it_holds
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Credential, Service
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
    """Issue new ones in the place of the old, which end at once."""
    return _show_once(request, name, actions.reissue_credential)


@require_POST
@never_cache
@signed_in
def rotate(request: PersonRequest, name: str) -> HttpResponse:
    """Issue new ones beside the old, which go when nobody uses them any more."""
    return _show_once(request, name, actions.rotate_credential, rotates=True)


@require_POST
@signed_in
def end_rotation(request: PersonRequest, name: str) -> HttpResponse:
    """Revoke the old ones now."""
    return _end(request, name, actions.end_rotation, "the old one is revoked")


@require_POST
@signed_in
def cancel_rotation(request: PersonRequest, name: str) -> HttpResponse:
    """Revoke the new ones and keep the old."""
    return _end(request, name, actions.cancel_rotation, "the new one is revoked")


@require_safe
@signed_in
def rotation(request: PersonRequest, name: str) -> HttpResponse:
    """Return how the rotation stands; once it is over the whole page is fetched anew."""
    service = _find(request, name)
    overlap = overlap_of(service)
    if overlap is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"service": service, "overlap": overlap, "mock": is_mock()}
    return render(request, "console/services/rotation.html", context)


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
    request: PersonRequest,
    name: str,
    action: Callable[..., actions.Issued],
    *,
    rotates: bool = False,
) -> HttpResponse:
    service = _find(request, name)
    issued = carried_out(request, action, service=service)
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
        "rotates": rotates,
        "quiet_seconds": settings.EVENTBUS_ROTATION_QUIET_SECONDS,
    }
    return render(request, "console/services/issued.html", context)


def _end(
    request: PersonRequest, name: str, action: Callable[..., Credential], what: str
) -> HttpResponse:
    if carried_out(request, action, service=_find(request, name)):
        wait_until_applied(current_revision())
        messages.success(request, f"The rotation is over: {what}.")
    return redirect("console:service", name)


def _find(request: PersonRequest, name: str) -> Service:
    return get_object_or_404(Service.objects.visible_to(request.user).with_related(), name=name)
