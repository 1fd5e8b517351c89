"""`/healthz` says that the process lives, `/readyz` what else works."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from eventbus_admin.reconcile.lease import LEADER
from eventbus_admin.reconcile.models import Lease, ReconcileState
from eventbus_admin.runtime import health


@pytest.fixture
def now() -> datetime:
    """The time."""
    return timezone.now()


@pytest.fixture
def in_order(transactional_db: None, now: datetime) -> None:
    """A worker leads and reads a broker that answers."""
    Lease.objects.create(name=LEADER, holder="w", fence=1, expires=now + timedelta(seconds=10))
    ReconcileState.objects.update_or_create(id=1, defaults={"reachable": True, "observed_at": now})


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_a_living_process_says_so_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]


def test_a_probe_may_come_by_any_address_and_without_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})

    assert (answer.status_code, answer.content) == (200, b"ok")
    assert client.get("/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


def test_all_is_well(client: Client, in_order: None) -> None:
    status, answer = ready(client)
    assert 0 <= answer["broker"].pop("age_seconds") < 60
    assert (status, answer) == (
        200,
        {
            "database": {"ok": True, "message": "The database answers."},
            "broker": {"ok": True, "message": "The broker answers."},
            "lease": {"ok": True, "message": "A worker leads."},
        },
    )


def test_nobody_leads(client: Client, in_order: None, now: datetime) -> None:
    Lease.objects.update(expires=now - timedelta(seconds=1))

    status, answer = ready(client)
    assert (status, answer["lease"]["ok"]) == (503, False)
    assert "manage.py worker" in answer["lease"]["message"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"reachable": False, "error": "connection to 10.0.0.7 refused"}, "does not answer"),
        ({"observed_at": None}, "was not read yet"),
        ({"observed_at": "long ago"}, "last read 120 s ago"),
    ],
)
def test_the_broker_is_away(
    client: Client, in_order: None, now: datetime, state: dict[str, Any], sentence: str
) -> None:
    if state.get("observed_at"):
        state = {"observed_at": now - timedelta(seconds=120)}
    ReconcileState.objects.update(**state)

    status, answer = ready(client)
    assert (status, answer["broker"]["ok"]) == (503, False)
    assert sentence in answer["broker"]["message"]
    assert "10.0.0.7" not in str(answer)


def test_before_the_first_look_nothing_is_ready(client: Client, transactional_db: None) -> None:
    status, answer = ready(client)

    assert status == 503
    assert [answer[name]["ok"] for name in ("database", "broker", "lease")] == [True, False, False]


def test_the_database_is_away(
    client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("could not connect to 10.0.0.8")

    monkeypatch.setattr(health.ReconcileState.objects, "first", away)

    status, answer = ready(client)
    assert status == 503
    assert not any(finding["ok"] for finding in answer.values())
    assert "10.0.0.8" not in str(answer)


def test_a_broker_that_went_silent_is_told_with_its_age(
    client: Client, in_order: None, now: datetime
) -> None:
    ReconcileState.objects.update(observed_at=now - timedelta(seconds=7))

    assert ready(client)[1]["broker"]["age_seconds"] == pytest.approx(7, abs=5)


def test_only_looking_is_allowed(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
