"""One id per request: in its answer, in its log lines and in the audit trail."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from eventbus_admin.audit.recording import audit_group

HEADER = "X-Request-Id"

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
        with _request_id() as request_id:
            answer = self._get_response(request)
            assert isinstance(answer, HttpResponseBase)  # noqa: S101 - for the type checker
            answer.headers[HEADER] = request_id
            return answer

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        with _request_id() as request_id:
            found = self._get_response(request)
            answer = await found if isinstance(found, Awaitable) else found
            answer.headers[HEADER] = request_id
            return answer


@contextmanager
def _request_id() -> Iterator[str]:
    # What the client sends as an id is not taken over: nobody shall choose what our logs say.
    with audit_group() as group, structlog.contextvars.bound_contextvars(request_id=str(group)):
        yield str(group)
