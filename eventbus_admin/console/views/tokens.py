"""Tokens for programs that use the API: list, one, making and revoking. A secret is shown once."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eventbus_admin.accounts.models import ApiToken
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.filters import asked, options, tokens
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.console.token_form import TokenForm, offered_services
from eventbus_admin.registry.tokens import create_token, revoke_token, tokens_visible_to
from eventbus_admin.registry.trail import history_visible_to

_STATES = (("expired", "Expired"), ("revoked", "Revoked"), ("all", "All"))
_TAKEN_OFF = (("service", "Service"), ("user", "Owner"))


@require_safe
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """List one's own tokens and those of one's services; operators see all."""
    visible = tokens_visible_to(request.user)
    context = {
        "page": keyset_page(_narrowed(visible, request), request, ("id",), descending=True),
        "states": options(request, "state", _STATES, everything="Usable"),
        "tokens": tokens(request, _TAKEN_OFF),
    }
    return render(request, "console/tokens/list.html", context)


@require_safe
@signed_in
def detail(request: PersonRequest, prefix: str) -> HttpResponse:
    """Show what one token is for, and what would stop working without it."""
    token = _find(request, prefix)
    context = {"token": token, "history": history_visible_to(request.user, token)[:6]}
    return render(request, "console/tokens/detail.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def create(request: PersonRequest) -> HttpResponse:
    """Make a token and show its text, once."""
    form = TokenForm(request.POST or None, initial={"service": asked(request, "service")})
    made = form.carry_out(create_token, request.user)
    if made is None:
        context = {"form": form, "service_names": offered_services(request.user)}
        return render(request, "console/tokens/form.html", context)
    token, text = made
    example = request.build_absolute_uri(reverse("api:subscriptions"))
    context = {
        "token": token,
        "text": text,
        "command": f'curl -H "Authorization: Token {text}" {example}',
    }
    return render(request, "console/tokens/made.html", context)


@require_POST
@signed_in
def revoke(request: PersonRequest, prefix: str) -> HttpResponse:
    """Let nobody in by it any more."""
    token = _find(request, prefix)
    if carried_out(request, revoke_token, token=token):
        messages.success(request, f"Revoked: whoever uses {prefix} is refused from now on.")
    return redirect("console:token", prefix)


def _narrowed(found: QuerySet[ApiToken], request: PersonRequest) -> QuerySet[ApiToken]:
    over = Q(expires__lte=timezone.now())
    match asked(request, "state"):
        case "all":
            pass
        case "revoked":
            found = found.exclude(revoked=None)
        case "expired":
            found = found.filter(over, revoked=None)
        case _:
            found = found.exclude(over).filter(revoked=None)
    if service := asked(request, "service"):
        found = found.filter(service=service)
    if user := asked(request, "user"):
        found = found.filter(user__username=user)
    for word in asked(request, "q").split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(prefix__icontains=word)
            | Q(service__icontains=word)
            | Q(user__username__icontains=word)
        )
    return found


def _find(request: PersonRequest, prefix: str) -> ApiToken:
    return get_object_or_404(tokens_visible_to(request.user), prefix=prefix)
