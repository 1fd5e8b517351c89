"""Fixtures for the whole suite: real servers on request, and a word on which ones were used.

Whoever asks for a broker is tested on every RabbitMQ there is: on that of this system in
`make test`, on RabbitMQ 4 besides in `make test-all`.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.harness.cluster import RabbitCluster
from tests.harness.installations import INSTALLED, RABBITMQ_4, Installation
from tests.harness.postgres import PostgresServer
from tests.harness.rabbitmq import RabbitNode
from tests.harness.redis import RedisServer
from tests.harness.vhosts import Vhost

collect_ignore = ["harness"]  # every .py file here holds tests, except the harness

_installations = [
    pytest.param(INSTALLED, id="installed"),
    pytest.param(RABBITMQ_4, id="rabbitmq4", marks=pytest.mark.long),
]
_tests_on: defaultdict[str, set[str]] = defaultdict(set)  # server → node ids of its tests


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have whoever uses a broker run on each."""
    if "installation" in metafunc.fixturenames:
        metafunc.parametrize("installation", _installations, indirect=True)


@pytest.fixture
def installation(request: pytest.FixtureRequest) -> Installation:
    """The RabbitMQ that this test is about."""
    # Fixtures that get their broker by name, for some of their parameters only, ask for none.
    found: Installation = getattr(request, "param", INSTALLED)
    return found


@pytest.fixture(scope="session")
def _shared_node() -> Iterator[Callable[[Installation], RabbitNode]]:
    with ExitStack() as nodes:
        yield cache(lambda one: nodes.enter_context(RabbitNode(installation=one)))


@pytest.fixture
def rabbit_node(
    installation: Installation, _shared_node: Callable[[Installation], RabbitNode]
) -> RabbitNode:
    """The broker that all tests share; it starts with the first that asks. Do not kill it."""
    return _shared_node(installation)


@pytest.fixture
def rabbit(rabbit_node: RabbitNode, request: pytest.FixtureRequest) -> Iterator[Vhost]:
    """A vhost of this test's own on the shared broker."""
    rabbit_node.check_running()
    _note_rabbit(request.node, rabbit_node)
    with rabbit_node.vhost() as vhost:
        yield vhost


@pytest.fixture
def own_rabbit_node(
    installation: Installation, request: pytest.FixtureRequest
) -> Iterator[RabbitNode]:
    """A broker of this test's own, to kill and to start again."""
    with RabbitNode(installation=installation) as node:
        _note_rabbit(request.node, node)
        yield node


@pytest.fixture
def rabbit_cluster(
    installation: Installation, request: pytest.FixtureRequest
) -> Iterator[RabbitCluster]:
    """Three brokers in one cluster, of this test's own, to kill and to start again."""
    with RabbitCluster(installation=installation) as cluster:
        _note(request.node, f"RabbitMQ {cluster.version} on a private cluster")
        yield cluster


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
    by_cost = (
        {"rabbit", "rabbit_node"},
        {"own_rabbit_node", "rabbit_cluster"},
        # Playwright leaves an event loop running on this thread, which others take for theirs.
        {"playwright"},
    )
    return max((cost for cost, names in enumerate(by_cost, 1) if names & fixtures), default=0)
