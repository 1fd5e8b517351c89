"""A line for each request: what, who, which status, how long; and its id in all other lines."""

import logging

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.audit.middleware import HEADER, AuditGroupMiddleware
from tests.unit.runtime.lines import reading

ID = "proxy-0001-abcd"


@pytest.mark.django_db
def test_it_says_what_was_asked_and_what_became_of_it() -> None:
    with reading() as lines:
        Client().get("/login/?next=/feed/", headers={HEADER: ID})

    (line,) = lines.of("request")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/login/", 200)
    assert (line["request_id"], line["level"]) == (ID, "info")
    assert 0 < line["ms"] < 60_000
    assert "actor" not in line
    assert "next" not in lines.text


def test_it_says_who_asked(member: User) -> None:
    client = Client()
    client.force_login(member)
    with reading() as lines:
        client.get("/feed/")

    assert [line["actor"] for line in lines.of("request")] == ["mia"]


def test_a_token_is_its_owner(member: User) -> None:
    _, text = issue(name="a program", scopes=[TokenScope.READ], user=member)
    _, of_a_service = issue(name="another", scopes=[TokenScope.READ], service="meca-exporter")
    with reading() as lines:
        for one in (text, of_a_service, "nobody.knows"):
            Client().get("/api/v1/services/", headers={"Authorization": f"Token {one}"})

    told = [(line.get("actor"), line["status"]) for line in lines.of("request")]
    assert told == [("mia", 200), ("meca-exporter", 200), (None, 401)]
    assert text not in lines.text


def test_other_lines_of_the_request_bear_id_and_actor(member: User) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.user = member
        structlog.get_logger("any").info("something happened")
        logging.getLogger("a.library").warning("and this too")
        return HttpResponse()

    with reading() as lines:
        AuditGroupMiddleware(view)(RequestFactory().get("/", headers={HEADER: ID}))
        structlog.get_logger("any").info("afterwards")

    for event in ("something happened", "and this too"):
        (line,) = lines.of(event)
        assert (line["request_id"], line["actor"]) == (ID, "mia")
    assert not {"request_id", "actor"} & set(lines.of("afterwards")[0])


def test_what_machines_ask_all_the_time_is_told_when_it_fails(member: User) -> None:
    client = Client()
    client.force_login(member)
    with reading() as lines:
        for path in ("/healthz", "/pulse/", "/overview/live/", "/metrics"):
            assert client.get(path).status_code == 200
        Client().get("/static/console/nowhere.css")
    assert [line["path"] for line in lines.of("request")] == ["/static/console/nowhere.css"]

    with reading(logging.DEBUG) as lines:
        Client().get("/healthz")
    assert [line["status"] for line in lines.of("request")] == [200]
