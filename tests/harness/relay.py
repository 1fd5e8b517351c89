"""A relay between clients and a broker, whose connections a test can cut, stall or make deaf."""

import contextlib
import socket
import threading
from enum import Enum
from types import TracebackType
from typing import Self

from tests.harness.ports import LOOPBACK

CHUNK = 65_536


class Way(Enum):
    """A direction of traffic."""

    OUT = "from the client to the broker"
    BACK = "from the broker to the client"


class Flow(Enum):
    """What becomes of the bytes that go one way."""

    PASSES = "passes"
    WAITS = "waits"
    VANISHES = "vanishes"


class Relay:
    """Listens on a port of its own and passes everything on to another one, both on loopback."""

    def __init__(self, target_port: int) -> None:
        self._target = (LOOPBACK, target_port)
        self._server = socket.create_server((LOOPBACK, 0))
        self._sockets: set[socket.socket] = set()
        self._maimed: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._flows = dict.fromkeys(Way, Flow.PASSES)
        self.cuts = 0
        self.swallowed = 0
        """How many bytes have vanished."""

    @property
    def port(self) -> int:
        """Where clients connect."""
        port: int = self._server.getsockname()[1]
        return port

    def through(self, url: str) -> str:
        """Return the broker's URL with this relay's port in place of its own."""
        return url.replace(f":{self._target[1]}/", f":{self.port}/")

    def cut(self) -> int:
        """Cut all connections, in the middle of whatever is on the way; return how many."""
        with self._changed:
            return self._cut(self._sockets)

    def stall(self, *ways: Way) -> None:
        """Let nothing through until `resume`, both ways or one; connections stay, bytes wait."""
        self._set(dict.fromkeys(ways or Way, Flow.WAITS))

    def blackhole(self, way: Way) -> None:
        """Let nothing arrive, that way only, until `resume`, not even the end of a connection."""
        self._set({way: Flow.VANISHES})

    def resume(self) -> None:
        """Let everything through again; a connection that has lost bytes is cut.

        TCP never delivers with a gap.
        """
        with self._changed:
            self._cut(self._maimed)
        self._set(dict.fromkeys(Way, Flow.PASSES))

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

    def _set(self, flows: dict[Way, Flow]) -> None:
        with self._changed:
            self._flows |= flows
            self._changed.notify_all()

    def _cut(self, sockets: set[socket.socket]) -> int:
        chosen = set(sockets)
        self._sockets -= chosen
        self._maimed -= chosen
        for one in chosen:
            # The threads that read from it wake up and close it.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._changed.notify_all()
        self.cuts += len(chosen) // 2
        return len(chosen) // 2

    def _begin(self, run: object, *args: object) -> threading.Thread:
        thread = threading.Thread(target=run, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
        return thread

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
            with self._changed:
                self._sockets |= {client, broker}
            self._begin(self._carry, client, broker)

    def _carry(self, client: socket.socket, broker: socket.socket) -> None:
        """Carry both ways until either side ends."""
        back = self._begin(self._pump, broker, client, Way.BACK)
        self._pump(client, broker, Way.OUT)
        back.join()
        with self._changed:
            self._sockets -= {client, broker}
            self._maimed -= {client, broker}
        client.close()
        broker.close()

    def _pump(self, source: socket.socket, target: socket.socket, way: Way) -> None:
        """Carry bytes one way; when they end, end the other way too."""
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if self._arrives({source, target}, way, len(data)):
                    target.sendall(data)
        self._wait_until_passing(source, way)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _arrives(self, pair: set[socket.socket], way: Way, size: int) -> bool:
        """Wait while bytes wait, then return whether these come through."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._flows[way] is not Flow.WAITS or not pair <= self._sockets
            )
            if self._flows[way] is Flow.PASSES:
                return True
            if pair <= self._sockets:
                self.swallowed += size
                self._maimed |= pair
            return False

    def _wait_until_passing(self, source: socket.socket, way: Way) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._flows[way] is Flow.PASSES or source not in self._sockets
            )
