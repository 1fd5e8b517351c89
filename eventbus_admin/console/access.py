"""Who gets to a page at all: signed-in people."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from eventbus_admin.accounts.models import User

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """A request that a signed-in person made; what `signed_in` hands to a view."""

    user: User
    htmx: Any


def signed_in(
    view: Callable[Concatenate[PersonRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Send strangers to the login page and back to where they wanted to go."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(cast(PersonRequest, request), *args, **kwargs)
        if not request.headers.get("HX-Request"):
            return redirect_to_login(request.get_full_path())
        # A fragment must not be filled with the login page: the whole page goes there.
        page = urlsplit(request.headers.get("HX-Current-URL", "/")).path
        login = redirect_to_login(page, resolve_url("console:login"))
        return HttpResponse(headers={"HX-Redirect": login.url})

    return wrapped
