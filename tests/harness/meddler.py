"""A proxy before RabbitMQ's management API that misbehaves on demand, and counts its calls."""

import json
import socket
import sys
import threading
from collections import Counter
from contextlib import closing, suppress
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.harness.ports import LOOPBACK

WRITES = ("PUT", "POST", "DELETE")
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Misdeed(Enum):
    """What becomes of an answer."""

    FAILS = "status 500"
    CUTS = "breaks off in the middle"
    HALVES = "half of the list, and nothing that says so"
    RESHAPES = "another shape"
    HANGS = "nothing until the proxy behaves again"


class Meddler:
    """Listens on a port of its own and asks the API for everybody who asks it."""

    def __init__(self, management_url: str) -> None:
        parts = urlsplit(management_url)
        self._login = parts.netloc.rpartition("@")[0]
        self._target = (parts.hostname or "", parts.port or 0)
        self._misdeed: Misdeed | None = None
        self._where = ""
        self._writes_left: int | None = None
        self.held = 0
        """How many writes had to wait."""
        self._behaves = threading.Event()
        self._behaves.set()
        self._lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []
        """Method and path of each call, in order."""
        self.meddled = 0
        """How many answers were spoilt."""
        self._server = _Server((LOOPBACK, 0), _handler_of(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    @property
    def url(self) -> str:
        """What to use in place of the API's URL, login included."""
        return f"http://{self._login}@{LOOPBACK}:{self._server.server_port}"

    def misbehave(self, misdeed: Misdeed, where: str = "") -> None:
        """Do this to every answer to a read whose path begins so, until `behave`."""
        self._behaves.clear()
        self._misdeed, self._where = misdeed, where

    def behave(self) -> None:
        """Pass everything on as it is."""
        self._misdeed, self._writes_left = None, None
        self._behaves.set()

    def hold_writes_after(self, count: int) -> None:
        """Let so many more writes through; those after them wait until `behave`."""
        self._behaves.clear()
        self._writes_left = count

    def forget(self) -> None:
        """Count anew."""
        with self._lock:
            self.calls, self.meddled = [], 0

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls so far that change something."""
        return [one for one in self.calls if one[0] in WRITES]

    @property
    def reads(self) -> list[tuple[str, str]]:
        """The calls so far that change nothing."""
        return [one for one in self.calls if one[0] not in WRITES]

    def __str__(self) -> str:
        counts = Counter(method for method, _ in self.calls)
        said = ", ".join(f"{count} {method}" for method, count in sorted(counts.items()))
        return f"{said or 'no calls'}, {self.meddled} answers spoilt"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.behave()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join(10)
        for mistake in self._server.mistakes:
            raise mistake

    def note(self, method: str, path: str) -> Misdeed | None:
        """Count a call and return what is to become of its answer."""
        with self._lock:
            self.calls.append((method, path))
            if method in WRITES and self._writes_left is not None:
                self._writes_left -= 1
                if self._writes_left < 0:
                    self.held += 1
                    return Misdeed.HANGS
            misdeed = self._misdeed
            if misdeed is None or method != "GET" or not path.startswith(self._where):
                return None
            self.meddled += 1
            return misdeed

    def ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the API itself; returns status, headers and body."""
        with closing(HTTPConnection(*self._target, timeout=120)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def wait_until_behaving(self) -> None:
        """Wait for `behave`."""
        self._behaves.wait(120)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()
        self.mistakes: list[BaseException] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember who is connected."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget who is not any more."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for one in set(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that gave up; keep what is a mistake of ours."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.mistakes.append(error)


def _handler_of(meddler: Meddler) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.removeprefix("/api/")
            misdeed = meddler.note(self.command, path)
            if misdeed is Misdeed.HANGS:
                meddler.wait_until_behaving()
            sent = {**self.headers, "Accept-Encoding": "identity"}
            status, headers, raw = meddler.ask(self.command, self.path, body, sent)
            status, raw = _spoilt(misdeed, status, raw)
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            if misdeed is Misdeed.CUTS:
                self.wfile.write(raw[: len(raw) // 2])
                self.close_connection = True
            else:
                self.wfile.write(raw)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


def _spoilt(misdeed: Misdeed | None, status: int, raw: bytes) -> tuple[int, bytes]:
    match misdeed:
        case Misdeed.FAILS:
            return 500, b"Internal Server Error"
        case Misdeed.HALVES if isinstance(found := json.loads(raw), list):
            return status, json.dumps(found[: len(found) // 2]).encode()
        case Misdeed.RESHAPES:
            found = json.loads(raw)
            other = {"items": found} if isinstance(found, list) else list(found)
            return status, json.dumps(other).encode()
    return status, raw
