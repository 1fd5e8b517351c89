"""Refusals that come before any view: on the API's addresses they have its one shape too.

`eventbus_admin/urls.py` and the setting CSRF_FAILURE_VIEW name these; on other addresses they
answer with Django's pages.
"""

from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from eventbus_admin.api.errors import plain_answer

ADDRESSES = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be read, or is for another host."""
    if not _is_ours(request):
        return defaults.bad_request(request, exception)
    match exception:
        case DisallowedHost():
            message = "This installation does not answer to this host. ALLOWED_HOSTS lists its own."
            return plain_answer(400, "unknown_host", message)
        case RequestDataTooBig():
            return plain_answer(413, "too_large", "The body is too long.")
    return plain_answer(400, "invalid", "This request cannot be read.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is not allowed."""
    if not _is_ours(request):
        return defaults.permission_denied(request, exception)
    return plain_answer(403, "not_allowed", "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that another site may have sent."""
    if not _is_ours(request):
        return csrf.csrf_failure(request, reason)
    message = "The CSRF token is missing or wrong: send the cookie csrftoken as X-CSRFToken."
    return plain_answer(403, "csrf_failed", message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist."""
    if not _is_ours(request):
        return defaults.page_not_found(request, exception)
    message = "There is nothing here. The API begins at /api/v1/; /api/v1/docs/ describes it."
    return plain_answer(404, "not_found", message)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what broke; Django has logged it."""
    if not _is_ours(request):
        return defaults.server_error(request)
    message = "Something broke here. It was logged under this id."
    return plain_answer(500, "internal_error", message)


def unreadable(scope: dict[str, Any], status: int) -> HttpResponse | None:
    """Answer what is no request at all; nothing when the address is not the API's."""
    if not str(scope.get("path", "")).startswith(ADDRESSES):
        return None
    if status == 413:
        return plain_answer(413, "too_large", "The body is too long.")
    return plain_answer(400, "invalid", "This request cannot be read.")


def _is_ours(request: HttpRequest) -> bool:
    return request.path.startswith(ADDRESSES)
