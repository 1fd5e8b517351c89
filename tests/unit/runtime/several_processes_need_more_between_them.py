"""Settings that would only seem to work with several processes are refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from eventbus_admin.runtime import checks

POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}


@pytest.mark.parametrize(
    ("processes", "backend", "redis", "databases", "found"),
    [
        (1, "mock", "", SQLITE, []),
        (1, "rabbitmq", "", SQLITE, []),
        (2, "rabbitmq", "redis://127.0.0.1", POSTGRES, []),
        (2, "rabbitmq", "redis://127.0.0.1", SQLITE, ["eventbus.W001"]),
        (2, "rabbitmq", "", POSTGRES, ["eventbus.E002"]),
        (3, "mock", "", SQLITE, ["eventbus.E001", "eventbus.E002", "eventbus.W001"]),
    ],
)
def test_what_is_found(
    monkeypatch: pytest.MonkeyPatch,
    processes: int,
    backend: str,
    redis: str,
    databases: dict[str, Any],
    found: list[str],
) -> None:
    chosen = SimpleNamespace(
        EVENTBUS_PROCESSES=processes,
        EVENTBUS_BACKEND=backend,
        REDIS_URL=redis,
        DATABASES=databases,
    )
    monkeypatch.setattr(checks, "settings", chosen)

    messages = checks.several_processes()
    assert [message.id for message in messages] == found
    assert all(message.hint for message in messages)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_process_of_several_needs_a_broker_outside_itself(command: str, settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"

    with pytest.raises(CommandError, match=r"lives in the server process: use `manage.py serve`"):
        call_command(command)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_process_of_several_needs_a_way_to_the_others(command: str, settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.REDIS_URL = ""

    with pytest.raises(CommandError, match="set REDIS_URL"):
        call_command(command)
