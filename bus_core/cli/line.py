"""The line between a supervisor and one of its processes: a socket that each of them inherits.

The process tells how it is, as JSON, a line each; the supervisor tells it to end at once. When the
supervisor is gone the line breaks, and the process ends in good order: nobody would look after it.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bus_core.cli.health import ProcessHealth

AT_ONCE = b"now\n"
LOOK_SECONDS = 0.25
SAY_SECONDS = 5.0
"""So often a process says how it is, even when nothing has changed."""
SEND_SECONDS = 5.0
MAX_LINE = 1_000_000


class ProcessEnd:
    """The process's end of the line."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._lock = threading.Lock()

    def follow(self, *, on_now: Callable[[], None], on_gone: Callable[[], None]) -> None:
        """Listen to the supervisor, on a thread."""

        def listen() -> None:
            try:
                while said := self._socket.recv(len(AT_ONCE)):
                    if said == AT_ONCE:
                        on_now()
            except OSError:
                pass
            on_gone()

        threading.Thread(target=listen, name="bus-supervised", daemon=True).start()

    def report(self, look: Callable[[], ProcessHealth]) -> None:
        """Say how the process is whenever that has changed, on a thread."""

        def run() -> None:
            said, due = None, 0.0
            pause = threading.Event()
            while True:
                health = look()
                if health != said or time.monotonic() >= due:
                    if not self.tell({"health": asdict(health)}):
                        return
                    said, due = health, time.monotonic() + SAY_SECONDS
                pause.wait(LOOK_SECONDS)

        threading.Thread(target=run, name="bus-health-report", daemon=True).start()

    def give_up(self, sentence: str, code: int) -> None:
        """Say why there is no point in starting this process again."""
        self.tell({"gave_up": sentence, "code": code})

    def tell(self, document: dict[str, Any]) -> bool:
        """Tell the supervisor; return whether it is there."""
        try:
            with self._lock:
                self._socket.sendall(json.dumps(document).encode() + b"\n")
        except OSError:
            return False
        return True


class SupervisorEnd:
    """The supervisor's end of the line."""

    def __init__(self) -> None:
        self._socket, self._others = socket.socketpair()
        self._socket.settimeout(None)
        self.health: ProcessHealth | None = None
        self.heard_at = time.monotonic()
        self.gave_up: tuple[str, int] | None = None
        self._listening = threading.Thread(target=self._listen, name="bus-listening", daemon=True)

    @property
    def descriptor(self) -> int:
        """The process's end, to be handed down to it."""
        return self._others.fileno()

    def begin(self) -> None:
        """The process has its end now."""
        self._others.close()
        self._listening.start()

    def end_at_once(self) -> None:
        """Tell the process to end at once."""
        try:
            self._socket.sendall(AT_ONCE)
        except OSError:
            return

    def close(self) -> None:
        """Hear the last words of a process that has ended."""
        self._listening.join(1.0)
        self._socket.close()

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            try:
                while line := lines.readline(MAX_LINE):
                    self._take(json.loads(line))
            except (OSError, ValueError):
                return

    def _take(self, document: dict[str, Any]) -> None:
        self.heard_at = time.monotonic()
        if "health" in document:
            self.health = ProcessHealth(**document["health"])
        else:
            self.gave_up = (document["gave_up"], document["code"])
