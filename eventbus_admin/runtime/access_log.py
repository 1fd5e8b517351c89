"""A line for every request: what was asked, the status, how long it took."""

import logging
import re
import time
from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from eventbus_admin.runtime.traffic import TRAFFIC

MAX_PATH = 300
QUIET = re.compile(r"/(healthz|readyz|metrics|pulse/|.+/live/|.+/progress/)")
"""Asked every few seconds by machines and open pages: told at DEBUG while all is well."""

Answer = HttpResponseBase | Awaitable[HttpResponseBase]

log = structlog.get_logger(__name__)


class AccessLogMiddleware:
    """Log and count each request once it is answered.

    The query is left out: people paste anything into an address.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer the request, then say so."""
        began = time.perf_counter()
        if self._is_async:
            return self._answer_async(request, began)
        answer = self._get_response(request)
        assert isinstance(answer, HttpResponseBase)  # noqa: S101 - for the type checker
        _note(request, answer.status_code, time.perf_counter() - began)
        return answer

    async def _answer_async(self, request: HttpRequest, began: float) -> HttpResponseBase:
        found = self._get_response(request)
        answer = await found if isinstance(found, Awaitable) else found
        _note(request, answer.status_code, time.perf_counter() - began)
        return answer


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    TRAFFIC.count(status, seconds)
    log.log(
        _level(request.path, status),
        "request",
        method=request.method,
        path=request.path[:MAX_PATH],
        status=status,
        ms=round(seconds * 1000, 1),
    )


def _level(path: str, status: int) -> int:
    often = QUIET.fullmatch(path) or path.startswith(settings.STATIC_URL)
    return logging.DEBUG if often and status < 400 else logging.INFO
