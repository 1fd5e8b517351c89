"""Whatever goes wrong, the answer says it in the same way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.api.parsing import MAX_BYTES
from eventbus_admin.api.views import operations, services
from eventbus_admin.registry.models import Subscription
from tests.unit.api.conftest import API, Program

Caller = Callable[..., Program]


def shape(answer: HttpResponse, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """Check an answer's shape and return it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["field"]) == (code, field)
    assert body["message"][-1] == "."
    assert body["request_id"] == answer["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nowhere/", 404, "not_found"),
        ("POST", "nowhere/", 404, "not_found"),
        ("GET", "services", 404, "not_found"),
        ("GET", "services/_/", 404, "not_found"),
        ("GET", "services/unknown/", 404, "not_found"),
        ("GET", "subscriptions/exportRequested/unknown/", 404, "not_found"),
        ("GET", "event-types/a%00b/", 404, "not_found"),
        ("GET", "events/a%00b/", 404, "not_found"),
        ("GET", "runs/7/", 404, "not_found"),
        ("GET", "quarantine/", 404, "not_found"),
        ("PUT", "services/", 405, "method_not_allowed"),
        ("OPTIONS", "services/", 405, "method_not_allowed"),
        ("DELETE", "services/export-manager/", 405, "method_not_allowed"),
    ],
)
def test_addresses_and_methods(
    method: str, path: str, status: int, code: str, world: Subscription, operator: User,
    program: Caller,
) -> None:  # fmt: skip
    shape(program(operator).call(method, path), status, code)


def test_an_address_without_its_last_slash_says_so(operator: User, program: Caller) -> None:
    assert "end with a slash" in program(operator).get("services").json()["message"]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b"", "application/json", 400, "invalid"),
        (b'{"name": "\\ud800"}', "application/json", 400, "unreadable"),
        (b'{"name": NaN}', "application/json", 400, "unreadable"),
        (b"\xff", "application/json", 400, "unreadable"),
        (b'{"example":' + b"[" * 100 + b"]" * 100 + b"}", "application/json", 400, "unreadable"),
        (b"[" * 100_000, "application/json", 400, "unreadable"),
        (b" " * (MAX_BYTES + 1), "application/json", 413, "too_large"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"<x/>", "text/xml", 415, "unsupported_media_type"),
        (b"[]", "application/json", 400, "invalid"),
        (b'"x"', "application/json; charset=utf-8", 400, "invalid"),
    ],
)
def test_bodies(
    content: bytes, content_type: str, status: int, code: str, operator: User,
    make_token: Callable[..., Any],
) -> None:  # fmt: skip
    answer = Client().post(
        f"{API}/event-types/",
        content,
        content_type=content_type,
        headers={"Authorization": f"Token {make_token(operator)[1]}"},
    )
    shape(answer, status, code)


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("services/", {"owner": "Journals"}, "required", "name"),
        ("services/", {"name": 5, "owner": "Journals"}, "invalid", "name"),
        ("services/", {"name": "a__b", "owner": "Journals"}, "invalid_name", "name"),
        ("services/", {"name": "a", "owner": "Nobody"}, "unknown_team", "owner"),
        ("services/", {"name": "a", "owner": "a\0b"}, "null_characters_not_allowed", "owner"),
        ("services/", {"name": "a", "owner": "Journals", "x": 1}, "unknown_field", "x"),
        (
            "services/",
            {"name": "a", "owner": "Journals", "contact": "nobody"},
            "invalid_contact",
            "contact",
        ),
        ("event-types/", {"name": "a", "owner": "Journals", "lifecycle": "x"}, "invalid_choice",
         "lifecycle"),
        ("event-types/", {"name": "a", "owner": "Journals", "example": "\0"}, "invalid_example",
         "example"),
        (
            "subscriptions/",
            {"event_type": "exportRequested", "service": "b", "retry": {"attempts": "3"}},
            "invalid",
            "retry.attempts",
        ),
        (
            "subscriptions/",
            {"event_type": "exportRequested", "service": "b", "retry": {"x": 1}},
            "unknown_field",
            "retry.x",
        ),
        (
            "subscriptions/",
            {"event_type": "new", "service": "export-manager", "retry": {"delays_ms": [7]}},
            "invalid_retry",
            "retry.delays_ms",
        ),
        (
            "subscriptions/",
            {"event_type": "new", "service": "export-manager", "prefetch": True},
            "invalid",
            "prefetch",
        ),
        ("subscriptions/", {"event_type": "no", "service": "export-manager"}, "unknown_event_type",
         "event_type"),
        ("tokens/", {"name": "a", "scopes": []}, "min_length", "scopes"),
        ("tokens/", {"name": "a", "scopes": ["read", "x"]}, "invalid_choice", "scopes.1"),
        ("tokens/", {"name": "a", "scopes": ["read"], "expires": "soon"}, "invalid", "expires"),
        (
            "tokens/",
            {"name": "a", "scopes": ["read"], "expires": "2001-01-01T00:00:00Z"},
            "invalid_expires",
            "expires",
        ),
    ],
)  # fmt: skip
def test_values_that_are_wrong(
    path: str, body: Any, code: str, field: str, world: Subscription, operator: User,
    make_event_type: Callable[..., Any], program: Caller,
) -> None:  # fmt: skip
    make_event_type("new")
    shape(program(operator).post(path, body), 400, code, field)


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("x=1", "unknown_field", "x"),
        ("page_size=0", "min_value", "page_size"),
        ("page_size=501", "max_value", "page_size"),
        ("page_size=many", "invalid", "page_size"),
        ("ordering=owner", "invalid_choice", "ordering"),
        ("kind=external", "invalid_choice", "kind"),
        ("cursor=x", "invalid_cursor", "cursor"),
        ("search=a%00b", "null_characters_not_allowed", "search"),
        ("owner=a&owner=b", "given_twice", "owner"),
    ],
)
def test_parameters_that_are_wrong(
    query: str, code: str, field: str, operator: User, program: Caller
) -> None:
    shape(program(operator).get(f"services/?{query}"), 400, code, field)


def test_a_detail_takes_no_parameters(world: Subscription, operator: User, program: Caller) -> None:
    answer = program(operator).get("services/export-manager/?fields=name")
    shape(answer, 400, "unknown_field", "fields")


def test_several_things_are_told_at_once(operator: User, program: Caller) -> None:
    body = shape(program(operator).post("services/", {"name": 5, "x": 1}), 400, "invalid")
    assert {(one["code"], one["field"]) for one in body["errors"]} == {
        ("invalid", "name"),
        ("required", "owner"),
        ("unknown_field", "x"),
    }


def test_what_takes_no_fields_refuses_them(
    world: Subscription, operator: User, program: Caller
) -> None:
    path = "subscriptions/exportRequested/export-manager/pause/"
    shape(program(operator).post(path, {"for": "1 h"}), 400, "unknown_field", "for")
    assert program(operator).post(path, {}).status_code == 200


def test_conflicts(world: Subscription, operator: User, program: Caller) -> None:
    bus = program(operator)
    taken = {"name": "export-manager", "owner": "Journals"}
    shape(bus.post("services/", taken), 409, "name_taken", "name")
    pair = {"event_type": "exportRequested", "service": "export-manager"}
    shape(bus.post("subscriptions/", pair), 409, "already_subscribed", "event_type")
    shape(bus.post("publications/", pair), 409, "already_allowed")
    shape(bus.post("subscriptions/exportRequested/export-manager/resume/"), 409, "already_active")
    retired = {"lifecycle": "retired"}
    shape(bus.patch("event-types/exportRequested/", retired), 409, "has_subscriptions", "lifecycle")


def test_who_signed_in_to_the_console_needs_the_csrf_token(
    world: Subscription, operator: User
) -> None:
    # Given a browser that checks it
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    path = f"{API}/subscriptions/exportRequested/export-manager/pause/"

    # Then reading works, and acting only with the token
    assert browser.get(f"{API}/services/").status_code == 200
    shape(browser.post(path), 403, "csrf_failed")
    browser.get(f"{API}/docs/")
    token = browser.cookies["csrftoken"].value
    assert (
        browser.post(
            path, content_type="application/json", headers={"X-CSRFToken": token}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("header", ["Bearer x", "Token", "Token x", "Token .", "Token é.x", ""])
@pytest.mark.django_db
def test_tokens_that_are_none(header: str) -> None:
    answer = Client().get(f"{API}/services/", headers={"Authorization": header})
    body = shape(answer, 401, "unknown_scheme" if header in {"Bearer x", ""} else "unknown_token")
    assert "x" not in body["message"].split()
    assert answer["WWW-Authenticate"] == "Token"


def test_a_database_that_is_away(
    operator: User, program: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setattr(services.Services, "rows", away)
    answer = program(operator).get("services/")

    body = shape(answer, 503, "database_away")
    assert "10.1.2.3" not in body["message"]
    assert answer["Retry-After"] == "5"


def test_a_mistake_of_ours_is_logged_under_the_request_id(
    operator: User, program: Caller, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(operations.Status, "require_view", lambda _self: 1 / 0)
    body = shape(program(operator).get("status/"), 500, "internal_error")

    assert "ZeroDivisionError" not in body["message"]
    logged = [record for record in caplog.records if record.name == "eventbus_admin.api.errors"]
    assert "division by zero" in str(logged[0].msg)
    assert body["request_id"] in str(logged[0].msg)


def test_answers_are_kept_out_of_caches(operator: User, program: Caller) -> None:
    assert program(operator).get("services/")["Cache-Control"] == "no-store"
