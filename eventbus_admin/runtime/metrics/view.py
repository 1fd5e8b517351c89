"""Answering `/metrics`."""

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eventbus_admin.runtime.deadline import Deadline
from eventbus_admin.runtime.metrics import local, stored
from eventbus_admin.runtime.metrics.access import NobodyKnown, decision
from eventbus_admin.runtime.metrics.text import CONTENT_TYPE, Family, gauge, render

SECONDS = 5.0

_stored = Deadline(stored.families, SECONDS)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell everything, within five seconds also while the database is away."""
    try:
        allowed = decision(request)
    except NobodyKnown as error:
        return _refusal(str(error), 401)
    except Error:
        return _refusal("Who you are is not known while the database is away.", 503)
    if not allowed:
        return _refusal(allowed.why_not, 403)
    return HttpResponse(render(_families()), content_type=CONTENT_TYPE)


def _families() -> list[Family]:
    try:
        found, up = _stored(), True
    except (Error, TimeoutError):
        found, up = [], False
    return [gauge("database_up", "Whether the database answers.", up), *found, *local.families()]


def _refusal(sentence: str, status: int) -> HttpResponse:
    answer = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
