"""A private PostgreSQL server, run from Debian's package without any system service."""

import contextlib
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.harness import leftovers
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess

INSTALL = "scripts/install-system-packages postgresql"
VERSIONS = Path("/usr/lib/postgresql")
USER = "bus"

# Data that nobody needs after a crash of the machine, and nothing outside the server's folder.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "timezone": "UTC",
}

# Names sort as in a dictionary, as they do in most installations: no test may lean on the bytes.
COLLATION = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")


class PostgresMissingError(Exception):
    """Debian's PostgreSQL package is missing; the message says how to get it."""


class PostgresServer:
    """One server with its own data, port and password, on loopback only.

    ``start`` and ``stop`` frame its life; in between it can be killed and started again on the
    same data and port. PostgreSQL refuses to run as root, so root starts it as ``postgres``.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.folder: Path | None = None
        self.version = ""
        self._password = secrets.token_hex(16)
        self._server: ManagedProcess | None = None
        self._numbers = itertools.count(1)

    def url(self, database: str = "postgres") -> str:
        """Where clients connect, login included."""
        return f"postgres://{USER}:{self._password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process id of the server, whose children serve the connections."""
        return self._running_server().pid

    # --- life

    def start(self, *, timeout: float = 60.0) -> Self:
        """Start it, on its data if it ran before, and wait until it answers."""
        try:
            if self.folder is None:
                self._make_data()
            self._launch()
            wait_until(
                self._answers,
                timeout=timeout,
                message=lambda: f"PostgreSQL is not ready; its log:\n{self.log_tail()}",
                ignoring=psycopg.OperationalError,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def check_running(self) -> None:
        """Raise, with the end of its log, if it has died."""
        self._running_server().check_running()

    def kill(self) -> None:
        """End it and its connections at once, as a crash would; its data stays."""
        server = self._running_server()
        # Unlike after `kill -9`, no child is left that would keep it from starting again.
        if server.running:
            server.send_signal(signal.SIGQUIT)
            server.wait()
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

    # --- what tests do with it

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database that is dropped afterwards."""
        name = f"bus_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            # A test may have killed the server; its databases then end with the server's folder.
            if self._server is not None and self._server.running:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Carry out one statement as the superuser, outside any transaction."""
        with psycopg.connect(self.url(), autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement.encode())

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        return self._server.output_tail() if self._server is not None else "(not running)"

    # --- inside

    def _make_data(self) -> None:
        programs = _programs()
        self.folder = leftovers.temporary_folder("bus-postgres-")
        (self.folder / "password").write_text(self._password)
        if account := _account():
            for path in (self.folder, self.folder / "password"):
                os.chown(path, account.pw_uid, account.pw_gid)
        initialise = [programs / "initdb", "--no-sync", "--no-instructions", *COLLATION]
        login = ["--auth=scram-sha-256", f"--username={USER}", "--pwfile=password", "data"]
        done = subprocess.run(
            [*_as_account(), *initialise, *login],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb ended with code {done.returncode}:\n{done.stderr}")

    def _launch(self) -> None:
        if self._server is not None:
            raise RuntimeError("the server is running already")
        assert self.folder is not None
        settings = {**SETTINGS, "port": str(self.port)}
        words = [f"--{name}={value}" for name, value in settings.items()]
        self._server = ManagedProcess(
            [*_as_account(), _programs() / "postgres", "-D", "data", *words],
            env=self._environment(),
            inherit_env=False,
            cwd=self.folder,
            log=self.folder / "postgres.log",
        )

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self.folder)}

    def _running_server(self) -> ManagedProcess:
        if self._server is None:
            raise RuntimeError("the server is not running")
        return self._server

    def _answers(self) -> bool:
        self.check_running()
        with psycopg.connect(self.url(), connect_timeout=5) as connection:
            self.version = connection.execute("SHOW server_version").fetchone()[0].split()[0]
        return True


def _programs() -> Path:
    """The folder with the programs of the newest version that is installed."""
    found = {
        int(path.name): path / "bin"
        for path in VERSIONS.glob("*")
        if path.name.isdecimal() and (path / "bin" / "postgres").exists()
    }
    if not found:
        raise PostgresMissingError(f"PostgreSQL is not installed; run: {INSTALL}")
    return found[max(found)]


def _account() -> pwd.struct_passwd | None:
    """The account that the server runs under, if it is not ours."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _as_account() -> list[str]:
    """What goes before a command so that it runs under that account, as the same process."""
    if account := _account():
        return [
            "setpriv",
            f"--reuid={account.pw_uid}",
            f"--regid={account.pw_gid}",
            "--clear-groups",
        ]
    return []
