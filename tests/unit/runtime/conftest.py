"""`manage.py` in processes of their own, each with a folder for its data."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness.ports import free_port
from tests.harness.process import ManagedProcess

ROOT = Path(__file__).parents[3]


@pytest.fixture
def port() -> int:
    """A port for the server of this test."""
    return free_port()


@pytest.fixture
def manage(tmp_path: Path, port: int) -> Iterator[Callable[..., ManagedProcess]]:
    """Start `manage.py` with these words; more environment by keyword."""
    with ExitStack() as started:

        def start(*words: str, **environment: str) -> ManagedProcess:
            process = ManagedProcess(
                [sys.executable, "-W", "default", ROOT / "manage.py", *words],
                env={
                    "PORT": str(port),
                    "EVENTBUS_VAR_DIR": str(tmp_path / "var"),
                    "EVENTBUS_BACKEND": "mock",
                    "EVENTBUS_EXAMPLES": "0",
                    "EVENTBUS_ADMIN_PASSWORD": "",
                    "DATABASE_URL": "",
                    "REDIS_URL": "",
                    **environment,
                },
                cwd=ROOT,
            )
            return started.enter_context(process)

        yield start
