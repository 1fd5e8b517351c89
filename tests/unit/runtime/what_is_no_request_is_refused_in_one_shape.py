"""What is refused before any view looks at it is answered on the API's addresses as all else is."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings

from eventbus_admin.accounts.models import User
from eventbus_admin.api import outside
from eventbus_admin.asgi import application
from eventbus_admin.audit.middleware import AuditGroupMiddleware
from eventbus_admin.runtime.pages import MAX_BODY_BYTES

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SERVICES = "/api/v1/services/"


@dataclass
class Answer:
    """What came back over ASGI."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


def ask(path: str, *, query: bytes = b"", host: str = "testserver", chunks: int = 0,
        size: int = 0) -> Answer:  # fmt: skip
    """Send a request as a server would, its body in chunks."""

    async def talk() -> Answer:
        headers = [(b"host", host.encode()), (b"content-type", b"application/json")]
        scope = {
            "type": "http", "method": "POST" if chunks else "GET", "path": path,
            "query_string": query, "headers": headers, "http_version": "1.1",
        }  # fmt: skip
        server = ApplicationCommunicator(application, scope)
        for left in range(chunks, -1, -1):
            body = b" " * size if left else b""
            await server.send_input({"type": "http.request", "body": body, "more_body": left > 0})
        start = await server.receive_output(20)
        content = await server.receive_output(20)
        await server.wait(20)
        sent = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], sent, content["body"])

    return asyncio.run(talk())


def shape(answer: Any, status: int, code: str) -> None:
    """Check that an answer is a refusal in the one shape."""
    found = answer if isinstance(answer, Answer) else None
    headers = found.headers if found else answer.headers
    assert (found.status if found else answer.status_code) == status, answer.content
    assert headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"code", "message", "field", "request_id"}
    assert (body["code"], body["field"]) == (code, None)
    assert body["message"][-1] == "."
    assert re.fullmatch(UUID, body["request_id"])
    assert body["request_id"] == headers["X-Request-Id"]


@pytest.mark.parametrize("path", [SERVICES, "/api/v1/docs/", "/api/v1/nowhere/", "/api/v9/"])
@pytest.mark.django_db
def test_another_host(path: str) -> None:
    shape(Client().get(path, headers={"Host": "elsewhere.example"}), 400, "unknown_host")


@pytest.mark.parametrize("path", ["/api/", "/api/v2/services/", "/api/v1x", "/api/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.django_db
def test_an_address_beside_the_api(path: str, method: str) -> None:
    shape(Client().generic(method, path), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.django_db
def test_the_page_about_it_takes_no_forms(method: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    shape(browser.generic(method, "/api/v1/docs/"), 405, "method_not_allowed")


@pytest.mark.parametrize("agent", ["", "curl/8"])
def test_a_form_of_another_site(agent: str, operator: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    answer = browser.post(SERVICES, {"name": "x"}, headers={"User-Agent": agent})
    shape(answer, 403, "csrf_failed")


def refused(refuse: Callable[..., Any], path: str, *more: Any) -> Any:
    """Return what a handler answers inside a request."""
    request = RequestFactory().get(path)
    return AuditGroupMiddleware(lambda asked: refuse(asked, *more))(request)


@pytest.mark.parametrize(
    ("refuse", "more", "status", "code"),
    [
        (outside.bad_request, (SuspiciousOperation("x"),), 400, "invalid"),
        (outside.permission_denied, (PermissionDenied("x"),), 403, "not_allowed"),
        (outside.csrf_failure, ("x",), 403, "csrf_failed"),
        (outside.server_error, (), 500, "internal_error"),
    ],
)
def test_each_handler(refuse: Any, more: tuple[Any, ...], status: int, code: str) -> None:
    answer = refused(refuse, SERVICES, *more)
    answer.json = lambda: json.loads(answer.content)
    shape(answer, status, code)
    page = refused(refuse, "/services/", *more)
    assert (page.status_code, page["Content-Type"].partition(";")[0]) == (status, "text/html")


@pytest.mark.django_db
def test_a_mistake_in_the_middleware_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_self: Any, _request: HttpRequest) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", broken)
    answer = Client(raise_request_exception=False).get(SERVICES)
    shape(answer, 500, "internal_error")
    assert b"planted" not in answer.content


@pytest.mark.django_db
def test_other_pages_are_as_they_were() -> None:
    for host, status in (("elsewhere.example", 400), ("testserver", 404)):
        answer = Client().get("/nothing/here/", headers={"Host": host})
        assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("path", "is_json"), [(SERVICES, True), ("/api/v9/", True), ("/services/", False)]
)
def test_an_address_that_is_no_text(path: str, is_json: bool) -> None:
    answer = ask(path, query=b"search=\xff")
    if is_json:
        shape(answer, 400, "invalid")
    else:
        assert (answer.status, answer.content) == (400, b"")


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_body_without_end_is_not_read_to_its_end(chunks: int) -> None:
    shape(ask(SERVICES, chunks=chunks, size=MAX_BODY_BYTES // chunks + 1), 413, "too_large")
    answer = ask("/login/", chunks=chunks, size=MAX_BODY_BYTES // chunks + 1)
    assert (answer.status, answer.content) == (413, b"The body is too long.")


@override_settings(ALLOWED_HOSTS=["testserver"])
@pytest.mark.django_db(transaction=True)
def test_another_host_over_asgi() -> None:
    shape(ask(SERVICES, host="elsewhere.example"), 400, "unknown_host")
