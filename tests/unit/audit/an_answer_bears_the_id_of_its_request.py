"""Every answer, whoever gives it, bears an id that log lines and audit entries have too."""

from uuid import UUID

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from eventbus_admin.audit.middleware import HEADER, AuditGroupMiddleware
from eventbus_admin.audit.recording import current_group, current_request_id


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


def test_a_well_formed_one_is_taken_over_and_the_trail_keeps_its_own() -> None:
    seen: dict[str, object] = {}

    def view(_request: HttpRequest) -> HttpResponse:
        seen.update(structlog.contextvars.get_contextvars(), id=current_request_id())
        seen["group"] = str(current_group())
        return HttpResponse()

    request = RequestFactory().get("/", headers={HEADER: "proxy-42.a_b"})
    answer = AuditGroupMiddleware(view)(request)

    assert isinstance(answer, HttpResponse)
    assert answer[HEADER] == seen["request_id"] == seen["id"] == "proxy-42.a_b"
    assert seen["audit_group"] == seen["group"] != answer[HEADER]
    assert current_request_id() == ""


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with space-1234", 'quote"12345', "line\tbreak-12", "-begins-so"]
)
def test_what_is_not_well_formed_is_not_taken_over(given: str) -> None:
    assert UUID(Client().get("/healthz", headers={HEADER: given})[HEADER])
