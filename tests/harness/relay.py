"""A relay between clients and a broker, whose connections a test can cut at any moment."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.harness.ports import LOOPBACK

CHUNK = 65_536


class Relay:
    """Listens on a port of its own and passes everything on to another one, both on loopback."""

    def __init__(self, target_port: int) -> None:
        self._target = (LOOPBACK, target_port)
        self._server = socket.create_server((LOOPBACK, 0))
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.cuts = 0

    @property
    def port(self) -> int:
        """Where clients connect."""
        port: int = self._server.getsockname()[1]
        return port

    def cut(self) -> int:
        """Cut all connections, in the middle of whatever is on the way; return how many."""
        with self._lock:
            open_now, self._sockets = self._sockets, set()
        for one in open_now:
            # The threads that read from it wake up and close it.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.cuts += len(open_now) // 2
        return len(open_now) // 2

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(10)
        self._server.close()

    def _begin(self, run: object, *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._server.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(self._target, timeout=10)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            with self._lock:
                self._sockets |= {client, broker}
            self._begin(self._carry, client, broker)

    def _carry(self, client: socket.socket, broker: socket.socket) -> None:
        """Carry both ways until either side ends."""
        back = threading.Thread(target=_pump, args=(broker, client), daemon=True)
        back.start()
        _pump(client, broker)
        back.join()
        with self._lock:
            self._sockets -= {client, broker}
        client.close()
        broker.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way; when they end, end the other way too."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
