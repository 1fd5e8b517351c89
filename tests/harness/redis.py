"""A private Redis server, run from Debian's package without any system service."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from tests.harness import leftovers
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess

INSTALL = "scripts/install-system-packages redis"
SERVER = Path("/usr/bin/redis-server")


class RedisMissingError(Exception):
    """Debian's Redis package is missing; the message says how to get it."""


class RedisServer:
    """One server with its own port, on loopback only; it keeps nothing on disk.

    It is up within a tenth of a second, so every test may have its own: channels of Redis reach
    across its databases.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.version = ""
        self.folder: Path | None = None
        self._server: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running_server().pid

    def start(self, *, timeout: float = 30.0) -> Self:
        """Start it, on the port where it ran before, and wait until it answers."""
        if not SERVER.exists():
            raise RedisMissingError(f"Redis is not installed; run: {INSTALL}")
        if self._server is not None:
            raise RuntimeError("the server is running already")
        self.folder = self.folder or leftovers.temporary_folder("bus-redis-")
        words = ["--bind", LOOPBACK, "--port", str(self.port), "--save", "", "--dir", self.folder]
        self._server = ManagedProcess(
            [SERVER, *words], env={}, inherit_env=False, log=self.folder / "redis.log"
        )
        try:
            wait_until(
                self._answers,
                timeout=timeout,
                message=lambda: f"Redis is not ready; its log:\n{self.log_tail()}",
                ignoring=redis.RedisError,
                interval=0.01,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self) -> None:
        """``kill -9``; all that it held is lost."""
        server = self._running_server()
        server.kill()
        server.close()
        self._server = None

    def stop(self) -> None:
        """End it and leave nothing behind: no process, no folder."""
        if self._server is not None:
            self.kill()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            leftovers.forget_folder(self.folder)
            self.folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        return self._server.output_tail() if self._server is not None else "(not running)"

    def _running_server(self) -> ManagedProcess:
        if self._server is None:
            raise RuntimeError("the server is not running")
        return self._server

    def _answers(self) -> bool:
        self._running_server().check_running()
        with redis.Redis(host=LOOPBACK, port=self.port, socket_timeout=2) as client:
            self.version = str(client.info("server")["redis_version"])
        return True
