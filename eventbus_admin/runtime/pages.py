"""`Pages`: Django's ASGI application, which takes no body without end."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse

from eventbus_admin.api.outside import unreadable
from eventbus_admin.audit.middleware import HEADER
from eventbus_admin.audit.recording import audit_group, request_id

MAX_BODY_BYTES = 10 * 1024 * 1024
"""No form and no request of the API needs as much; Django would write it all to a file first."""


class Pages(ASGIHandler):
    """Answers what never gets as far as the middleware: in the API's shape where it is asked."""

    async def read_body(self, receive: Callable[[], Awaitable[Any]]) -> Any:
        """Read the body, up to its limit."""
        left = MAX_BODY_BYTES

        async def receive_bounded() -> Any:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.request"}

        body: Any = await super().read_body(receive_bounded)
        body.too_large = left < 0
        return body

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Return the request, or the answer to what is none."""
        request: Any = None
        answer: Any = HttpResponse("The body is too long.", status=413)
        if not body_file.too_large:
            request, answer = super().create_request(scope, body_file)
        if request is not None:
            return request, answer
        with audit_group() as group, request_id(str(group)):
            with structlog.contextvars.bound_contextvars(request_id=str(group)):
                answer = unreadable(scope, answer.status_code) or answer
            answer.headers[HEADER] = str(group)
            return None, answer
