"""How long lists take at 5,000 subscriptions, beside 50: pages of the console and of the API.

The pages come from the URL configurations. Nothing is sent over a wire: it is the server's own
time, with an empty cache, on a database of its own. No broker is needed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

FEW, MANY, TIMES = 50, 5_000, 15
MOST_QUERIES, MOST_RATIO = 12, 2.0
NO_LISTS = frozenset({"schema", "docs", "registry-download", "nowhere", "login", "logout", "icon"})
# All of the registry in one answer, and an id that tells of every step of the plan: no lists.
WHOLE = frozenset({"/api/v1/registry/", "/api/v1/plan/"})

Ask = Callable[[str], Any]


@dataclass(frozen=True)
class Line:
    """What one page takes: queries, and milliseconds with few and with many subscriptions."""

    path: str
    queries: int
    few_ms: float
    many_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes with many."""
        return self.many_ms / self.few_ms

    @property
    def kept(self) -> bool:
        """Whether it stays within the bounds."""
        return self.queries <= MOST_QUERIES and self.ratio <= MOST_RATIO


def main(arguments: list[str]) -> int:
    """Measure, and print one line for each page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks lists", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL")
    parser.add_argument("--few", type=int, default=FEW, metavar="N")
    parser.add_argument("--many", type=int, default=MANY, metavar="N")
    parser.add_argument("--times", type=int, default=TIMES, metavar="N", help="of which the median")
    asked = parser.parse_args(arguments)
    with _database(asked.postgres):
        lines = measure(asked.few, asked.many, asked.times)
    print(table(lines, asked.few, asked.many))
    return 0 if all(line.kept for line in lines) else 1


def measure(few: int, many: int, times: int) -> list[Line]:
    """Fill the database twice, and return what each page takes."""
    from benchmarks.list_rows import fill, reader

    ask = reader()
    fill(0, few)
    paths = [path for path in _paths() if _is_page(ask, path)]
    before = {path: _milliseconds(ask, path, times) for path in paths}
    fill(few, many)
    return [
        Line(path, _queries(ask, path), before[path], _milliseconds(ask, path, times))
        for path in paths
    ]


def table(lines: list[Line], few: int, many: int) -> str:
    """Return the lines for a terminal, the slowest first."""
    head = (
        f"{'page':44} {'queries':>7} {f'p50 at {few:,}':>14} {f'p50 at {many:,}':>14} {'ratio':>6}"
    )
    ordered = sorted(lines, key=lambda line: -line.ratio)
    return "\n".join([head, *(_text(line) for line in ordered)])


def _text(line: Line) -> str:
    times = f"{line.few_ms:11.1f} ms {line.many_ms:11.1f} ms"
    return f"{line.path:44} {line.queries:7} {times} {line.ratio:6.2f}{'' if line.kept else ' ✗'}"


def _paths() -> Iterator[str]:
    from eventbus_admin.api.urls import urlpatterns as endpoints
    from eventbus_admin.console.urls import urlpatterns as pages

    for root, patterns in (("/", pages), ("/api/v1/", endpoints)):
        for one in patterns:
            path = root + str(one.pattern)
            if one.name not in NO_LISTS and "<" not in path and path not in WHOLE:
                yield path
    yield from ("/subscriptions/?health=unwell", "/subscriptions/?q=type", "/drift/?sync=missing")


def _is_page(ask: Ask, path: str) -> bool:
    return bool(ask(path).status_code == 200)


def _milliseconds(ask: Ask, path: str, times: int) -> float:
    from django.core.cache import cache

    took = []
    for _ in range(times):
        cache.clear()
        began = time.perf_counter()
        answer = ask(path)
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
    return median(took)


def _queries(ask: Ask, path: str) -> int:
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cache.clear()
    with CaptureQueriesContext(connection) as caught:
        ask(path)
    return len(caught)


@contextmanager
def _database(on_postgres: bool) -> Iterator[None]:
    """An empty database of our own."""
    with tempfile.TemporaryDirectory(prefix="bench-lists-") as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "eventbus_admin.settings",
            "EVENTBUS_BACKEND": "mock",
            "EVENTBUS_VAR_DIR": folder,
            "ALLOWED_HOSTS": "testserver",
            "EVENTBUS_API_RATE": "1000000",
            "LOG_LEVEL": "ERROR",
        }
        os.environ.pop("REDIS_URL", None)
        if not on_postgres:
            os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'lists.sqlite3'}"
            yield from _migrated()
            return
        from tests.harness.postgres import PostgresServer

        with PostgresServer() as server, server.database() as url:
            os.environ["DATABASE_URL"] = url
            yield from _migrated()


def _migrated() -> Iterator[None]:
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    try:
        yield
    finally:
        connections.close_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
