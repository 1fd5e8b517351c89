"""Every answer, whoever gives it, bears an id that log lines and audit entries have too."""

from uuid import UUID

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from eventbus_admin.audit.middleware import HEADER, AuditGroupMiddleware
from eventbus_admin.audit.recording import current_group


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/login/", "/nowhere/", "/healthz", "/api/v1/schema/"])
def test_each_answer_has_one(path: str) -> None:
    first, second = (UUID(Client().get(path)[HEADER]) for _ in range(2))
    assert first != second


def test_it_is_that_of_the_trail_and_of_the_log() -> None:
    seen: list[object] = []

    def view(_request: HttpRequest) -> HttpResponse:
        seen.extend([str(current_group()), structlog.contextvars.get_contextvars()["request_id"]])
        return HttpResponse()

    answer = AuditGroupMiddleware(view)(RequestFactory().get("/"))

    assert isinstance(answer, HttpResponse)
    assert seen == [answer[HEADER], answer[HEADER]]
    assert current_group() is None
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.django_db
def test_nobody_else_chooses_it() -> None:
    chosen = "00000000-0000-4000-8000-000000000000"
    assert Client().get("/healthz", headers={HEADER: chosen})[HEADER] != chosen
