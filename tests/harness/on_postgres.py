"""``pytest -p tests.harness.on_postgres``: what uses the database, on a private PostgreSQL.

Django's settings are read while pytest starts, so the server comes first and is a plugin, not a
fixture. Tests that use no database, or start one of their own, are left out.
"""

import os
from collections.abc import Generator

import pytest

from tests.harness.postgres import PostgresServer

_server = PostgresServer()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Start the server before anybody looks at the settings."""
    os.environ["DATABASE_URL"] = _server.start().url("bus")
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that use Django's database."""
    kept = [item for item in items if _uses_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the database that the tests really ran on."""
    ran = sum(len(terminalreporter.getreports(outcome)) for outcome in ("passed", "failed"))
    terminalreporter.write_line(f"PostgreSQL {_server.version} on a private server: {ran} tests")


def pytest_unconfigure() -> None:
    """End the server."""
    _server.stop()


def _uses_the_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & {"db", "transactional_db"} or item.get_closest_marker("django_db"))
