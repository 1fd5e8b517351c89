"""System checks: settings that would only seem to work.

Nothing can see from inside how many processes somebody starts, so this is said in settings:
`EVENTBUS_PROCESSES` is the number of processes that serve or work, 1 unless told otherwise. With
one process (`manage.py serve`) everything may live in its memory. With more, the embedded broker
and the in-memory channel layer would silently split the installation into parts that never hear
of each other. `manage.py worker` is always a process beside another one, so it refuses to start
without Redis whatever that setting says.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

MIN_TOKEN_CHARS = 20


@register()
def several_processes(**_: Any) -> list[CheckMessage]:
    """Several processes need a broker, a channel layer and a database between them."""
    if settings.EVENTBUS_PROCESSES == 1:
        return []
    found: list[CheckMessage] = []
    if settings.EVENTBUS_BACKEND == "mock":
        found.append(
            Error(
                "EVENTBUS_PROCESSES is more than 1, but the embedded broker lives in one process.",
                hint="Set EVENTBUS_BACKEND=rabbitmq, or run one process: `manage.py serve`.",
                id="eventbus.E001",
            )
        )
    if not settings.REDIS_URL:
        found.append(
            Error(
                "EVENTBUS_PROCESSES is more than 1, but the feed's channel layer is in memory.",
                hint="Set REDIS_URL, so that the worker reaches the pages of every process.",
                id="eventbus.E002",
            )
        )
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Warning(
                "EVENTBUS_PROCESSES is more than 1 on SQLite, where one process writes at a time.",
                hint="Set DATABASE_URL to a PostgreSQL database.",
                id="eventbus.W001",
            )
        )
    return found


@register()
def a_token_worth_its_name(**_: Any) -> list[CheckMessage]:
    """A token for the metrics cannot be guessed."""
    token = settings.EVENTBUS_METRICS_TOKEN
    if not token or len(token) >= MIN_TOKEN_CHARS:
        return []
    return [
        Error(
            f"EVENTBUS_METRICS_TOKEN has {len(token)} characters, which can be guessed.",
            hint=f"Make one of {MIN_TOKEN_CHARS} or more: `openssl rand -hex 32`.",
            id="eventbus.E003",
        )
    ]
