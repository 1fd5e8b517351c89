"""Fixtures for the whole suite: real servers on request, and a word on which ones were used."""

from collections import defaultdict
from collections.abc import Generator, Iterator

import pytest

from tests.harness.postgres import PostgresServer
from tests.harness.rabbitmq import RabbitNode
from tests.harness.redis import RedisServer
from tests.harness.vhosts import Vhost

collect_ignore = ["harness"]  # every .py file here holds tests, except the harness

_tests_on: defaultdict[str, set[str]] = defaultdict(set)  # server → node ids of its tests


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[RabbitNode]:
    """The broker that all tests share; it starts with the first that asks. Do not kill it."""
    with RabbitNode() as node:
        yield node


@pytest.fixture
def rabbit(rabbit_node: RabbitNode, request: pytest.FixtureRequest) -> Iterator[Vhost]:
    """A vhost of this test's own on the shared broker."""
    rabbit_node.check_running()
    _note_rabbit(request.node, rabbit_node)
    with rabbit_node.vhost() as vhost:
        yield vhost


@pytest.fixture
def own_rabbit_node(request: pytest.FixtureRequest) -> Iterator[RabbitNode]:
    """A broker of this test's own, to kill and to start again."""
    with RabbitNode() as node:
        _note_rabbit(request.node, node)
        yield node


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The database server that tests share; it starts with the first that asks."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    postgres_server.check_running()
    _note(request.node, f"PostgreSQL {postgres_server.version} on a private server")
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def redis(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """A Redis of this test's own."""
    with RedisServer() as server:
        _note(request.node, f"Redis {server.version} on a private server")
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Count also the tests that use the shared broker without a vhost of their own."""
    node = getattr(item, "funcargs", {}).get("rabbit_node")
    if node is not None:
        _note_rabbit(item, node)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, so that most mistakes show within seconds."""
    items.sort(key=_cost)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the servers that the tests really ran on."""
    for server, tests in sorted(_tests_on.items()):
        count = "1 test" if len(tests) == 1 else f"{len(tests)} tests"
        terminalreporter.write_line(f"{server}: {count}")


def _note(test: pytest.Item, server: str) -> None:
    _tests_on[server].add(test.nodeid)


def _note_rabbit(test: pytest.Item, node: RabbitNode) -> None:
    _note(test, f"RabbitMQ {node.version} on a private node")


def _cost(item: pytest.Item) -> int:
    fixtures = set(getattr(item, "fixturenames", ()))
    by_cost = ({"rabbit", "rabbit_node"}, {"page", "browser"}, {"own_rabbit_node"})
    return max((cost for cost, names in enumerate(by_cost, 1) if names & fixtures), default=0)
