"""Handlers in a process with Django never meet a stale or broken database connection.

The database is a real one: a file of SQLite, or one on a PostgreSQL server.
"""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from bus_core import Event, EventBus, Middleware, RetryPolicy, connect
from bus_core.middleware import Attempt
from tests.harness.poll import wait_until

SOON = RetryPolicy(attempts=5, delays_ms=(10,))


class Database:
    """A database that handlers use; `opened` are the connections that they had, in order."""

    def __init__(self, alias: str, settings: dict[str, Any]) -> None:
        self.alias = alias
        self.settings = settings
        self.opened: list[Any] = []

    @property
    def of_this_thread(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    @property
    def different(self) -> int:
        return len({id(one) for one in self.opened})

    def query(self) -> None:
        """Ask the database something."""
        self.execute("SELECT 1")
        # Held on to, so that no other may get its address.
        self.opened.append(self.of_this_thread.connection)

    def execute(self, statement: str) -> None:
        with self.of_this_thread.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
    # All that Django adds to what is set, and the URL instead of where that leads.
    settings = {**connections.databases["default"], "OPTIONS": {}, **dj_database_url.parse(url)}
    # A name of its own: the thread for async handlers' calls outlives the test.
    alias = f"events-{uuid.uuid4().hex}"
    connections.databases[alias] = settings
    with django_db_blocker.unblock():
        yield (database := Database(alias, settings))
    del connections.databases[alias]
    for one in database.opened:
        one.close()


@pytest.fixture
def listen() -> Iterator[Callable[..., EventBus]]:
    buses: list[EventBus] = []

    def listen(handler: Callable[[Event], Any], *middleware: Middleware) -> EventBus:
        url = f"memory://{uuid.uuid4().hex}"
        bus = connect(url, service="meca-exporter", middleware=middleware)
        buses.append(bus)
        bus.subscribe("asked", retry=SOON)(handler)
        bus.start(wait=10)
        return bus

    yield listen
    for bus in buses:
        bus.close()


def of_kind(kind: str, work: Callable[[Event], None]) -> Callable[[Event], Any]:
    """Return a plain handler that does this, or an async one that does it where Django would."""

    async def async_handler(event: Event) -> None:
        await asyncio.sleep(0)
        await sync_to_async(work)(event)

    return work if kind == "plain" else async_handler


each_kind = pytest.mark.parametrize("kind", ["plain", "async"])


@each_kind
def test_a_connection_past_its_age_is_replaced(
    database: Database, listen: Callable[..., EventBus], kind: str
) -> None:
    database.settings["CONN_MAX_AGE"] = 0
    bus = listen(of_kind(kind, lambda _event: database.query()))
    bus.publish_many(Event("asked", number) for number in range(3))
    wait_until(lambda: len(database.opened) == 3)
    assert database.different == 3


@each_kind
def test_a_connection_within_its_age_is_kept(
    database: Database, listen: Callable[..., EventBus], kind: str
) -> None:
    database.settings["CONN_MAX_AGE"] = None
    bus = listen(of_kind(kind, lambda _event: database.query()))
    bus.publish_many(Event("asked", number) for number in range(3))
    wait_until(lambda: len(database.opened) == 3)
    assert database.different == 1


@each_kind
def test_a_connection_that_was_left_in_a_transaction_is_replaced_before_the_next_attempt(
    database: Database, listen: Callable[..., EventBus], kind: str
) -> None:
    database.settings["CONN_MAX_AGE"] = None

    def leave_it_open_once(_event: Event) -> None:
        database.query()
        if len(database.opened) == 1:
            database.of_this_thread.set_autocommit(False)
            raise ValueError("broken")

    bus = listen(of_kind(kind, leave_it_open_once))
    bus.publish(Event("asked"))
    wait_until(lambda: len(database.opened) == 2)
    assert database.different == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # only a server ends any
@each_kind
def test_a_connection_that_the_server_ended_is_replaced_before_the_next_attempt(
    database: Database, listen: Callable[..., EventBus], kind: str
) -> None:
    database.settings["CONN_MAX_AGE"] = None

    def lose_it_once(_event: Event) -> None:
        database.query()
        if len(database.opened) == 1:
            database.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    bus = listen(of_kind(kind, lose_it_once))
    bus.publish(Event("asked"))
    wait_until(lambda: len(database.opened) == 2)
    assert database.different == 2


def test_a_django_without_settings_is_left_alone() -> None:
    program = """if True:
        import django.db
        from bus_core import Event, connect
        handled = []
        with connect("memory://", service="meca-exporter") as bus:
            bus.subscribe("asked")(handled.append)
            bus.start(wait=10)
            bus.publish(Event("asked"))
        print(len(handled))
    """
    without = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=without,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_middleware_has_a_fresh_connection_too(
    database: Database, listen: Callable[..., EventBus]
) -> None:
    class Once(Middleware):
        """Looks into the database whether it knows the event."""

        def handle(self, _attempt: Attempt, call_next: Callable[[], Any]) -> Any:
            database.query()
            return call_next()

    database.settings["CONN_MAX_AGE"] = 0
    bus = listen(lambda _event: database.query(), Once())
    bus.publish_many([Event("asked"), Event("asked")])
    wait_until(lambda: len(database.opened) == 4)
    first, second = database.opened[:2], database.opened[2:]
    assert first[0] is first[1]
    assert second[0] is second[1]
    assert first[0] is not second[0]
