"""The metrics name services and hosts: a stranger from outside gets none, whoever may read does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.reconcile.models import ReconcileState
from eventbus_admin.runtime.metrics import view

OWN = "a-long-and-random-token-of-prometheus"


@pytest.fixture(autouse=True)
def _own_token(transactional_db: None, settings: Any) -> None:
    settings.EVENTBUS_METRICS_TOKEN = OWN


def ask(client: Client | None = None, token: str = "", scheme: str = "Bearer") -> tuple[int, str]:
    headers = {"Authorization": f"{scheme} {token}"} if token else {}
    answer = (client or Client()).get("/metrics", headers=headers)
    return answer.status_code, answer.content.decode()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_nobody_in_particular_gets_none_wherever_from() -> None:
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Authorization": "Bearer "}):
        answer = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert b"eventbus_" not in answer.content


@pytest.mark.parametrize("who", ["stranger", "member", "operator"])
def test_people_who_signed_in_may(who: str, request: pytest.FixtureRequest) -> None:
    status, text = ask(signed_in(request.getfixturevalue(who)))
    assert (status, "eventbus_objects{" in text) == (200, True)


def test_one_whose_account_is_switched_off_may_not(make_user: Callable[..., User]) -> None:
    user = make_user("gone")
    client = signed_in(user)
    User.objects.update(is_active=False)
    assert ask(client)[0] in {401, 403}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_prometheus_may_with_its_own_token(scheme: str, settings: Any) -> None:
    assert ask(token=OWN, scheme=scheme)[0] == 200
    assert ask(token=OWN[:-1], scheme=scheme)[0] == 401
    settings.EVENTBUS_METRICS_TOKEN = ""
    assert ask(token=OWN, scheme=scheme)[0] == 401


def test_it_may_come_by_any_address_and_without_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    headers = {"host": "10.0.0.7:8000", "Authorization": f"Bearer {OWN}"}
    assert Client().get("/metrics", headers=headers).status_code == 200
    assert Client().post("/metrics", headers=headers).status_code == 405


def test_an_api_token_may_if_it_may_read_everything(member: User) -> None:
    _, reads = issue(name="p", scopes=[TokenScope.READ], user=member)
    _, writes = issue(name="p", scopes=[TokenScope.WRITE], user=member)
    _, of_a_service = issue(name="p", scopes=[TokenScope.READ], service="meca-exporter")
    assert [ask(token=one)[0] for one in (reads, writes, of_a_service)] == [200, 403, 403]
    assert ask(token=reads, scheme="Token")[0] == 200
    assert ask(token=reads, scheme="Basic")[0] == 401


def test_while_the_database_is_away_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs() -> Any:
        raise TimeoutError

    monkeypatch.setattr(view, "_stored", hangs)
    status, text = ask(token=OWN)
    assert status == 200
    assert "eventbus_database_up 0\n" in text
    assert "eventbus_http_requests_total{" in text
    assert "eventbus_objects" not in text


def test_no_secret_is_told() -> None:
    ReconcileState.objects.create(error="amqp://bus:hunter2@rabbit refused", reachable=False)
    _, text = ask(token=OWN)
    assert "hunter2" not in text
    assert OWN not in text


def test_a_token_that_can_be_guessed_is_refused_at_the_start(settings: Any) -> None:
    settings.EVENTBUS_METRICS_TOKEN = "prometheus"
    assert "eventbus.E003" in {one.id for one in run_checks()}
    settings.EVENTBUS_METRICS_TOKEN = OWN
    assert "eventbus.E003" not in {one.id for one in run_checks()}
