"""One audit group per request."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from eventbus_admin.audit.recording import audit_group

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
        with audit_group():
            return self._get_response(request)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        with audit_group():
            answer = self._get_response(request)
            return await answer if isinstance(answer, Awaitable) else answer
