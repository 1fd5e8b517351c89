"""One id per request: in its answer and in its log lines.

A proxy or a program may choose it, so that its own logs and ours can be laid side by side. The
audit trail groups by an id of our own all the same: nobody shall put a request among the changes
of another. When the two differ, log lines have both.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from eventbus_admin.audit.recording import audit_group, request_id
from eventbus_admin.logs import asking

HEADER = "X-Request-Id"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""What is taken over; anything else could be made to look like more than an id."""

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class AuditGroupMiddleware:
    """Everything that one request does shares one group id in the audit trail."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer the request inside a group of its own."""
        if self._is_async:
            return self._answer_async(request)
        with _identified(request) as identity:
            answer = self._get_response(request)
            assert isinstance(answer, HttpResponseBase)  # noqa: S101 - for the type checker
            answer.headers[HEADER] = identity
            return answer

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        with _identified(request) as identity:
            found = self._get_response(request)
            answer = await found if isinstance(found, Awaitable) else found
            answer.headers[HEADER] = identity
            return answer


@contextmanager
def _identified(request: HttpRequest) -> Iterator[str]:
    given = request.headers.get(HEADER, "")
    with audit_group() as group:
        ours = str(group)
        chosen = given if WELL_FORMED.fullmatch(given) else ours
        bound = {"request_id": chosen} | ({"audit_group": ours} if chosen != ours else {})
        with request_id(chosen), structlog.contextvars.bound_contextvars(**bound):
            token = asking.set(request)
            try:
                yield chosen
            finally:
                asking.reset(token)
