"""The web server inside a process of ours."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

GRACE_SECONDS = 2
MAX_FRAME_BYTES = 64 * 1024


class PortTaken(Exception):
    """Somebody else listens on this port."""


class AddressUnusable(Exception):
    """This machine cannot listen on this address."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to this address; raises `PortTaken` or `AddressUnusable`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} on {host} is in use") from error
        raise AddressUnusable(f"{host}:{port}: {error.strerror or error}") from error
    return listening


class WebServer(uvicorn.Server):
    """uvicorn, telling when its event loop takes requests and before it goes.

    `on_started` gets that loop. Both are called on other threads while it runs, and may block.
    """

    def __init__(
        self,
        application: Any,
        *,
        on_started: Callable[[asyncio.AbstractEventLoop], None],
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                ws="websockets-sansio",
                ws_max_size=MAX_FRAME_BYTES,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            await asyncio.to_thread(self._on_started, asyncio.get_running_loop())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop what depends on the loop, then the server."""
        await asyncio.to_thread(self._on_stopping)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM; unlike uvicorn, do not raise them again afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
