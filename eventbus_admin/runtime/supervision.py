"""Running loops on threads, and running them again when they fail."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from django.db import Error as DatabaseError
from django.db import connections

from bus_core.errors import BusError

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
"""After so long without a failure a part counts as well again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Part:
    """One loop of a process: `run(stop)` returns soon after `stop` is set."""

    name: str
    run: Callable[[threading.Event], None]


class Supervisor:
    """Runs parts on daemon threads under one stop event.

    A part that fails is logged and begins again, after a pause that grows to 30 s.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_running, args=(part,), name=part.name, daemon=True)
            for part in parts
        ]

    def start(self) -> None:
        """Start all parts."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> list[str]:
        """Stop all parts; returns the names of those that still run after `timeout` seconds."""
        self._stop.set()
        deadline = time.monotonic() + timeout
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return [thread.name for thread in started if thread.is_alive()]

    def _keep_running(self, part: Part) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            self._run_once(part)
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            self._stop.wait(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _run_once(self, part: Part) -> None:
        try:
            part.run(self._stop)
        except (BusError, DatabaseError) as error:
            # The world's fault, said in a sentence; it may well be better next time.
            log.warning("part.failed", part=part.name, error=str(error))
        except Exception:
            log.exception("part.failed", part=part.name)
        finally:
            connections.close_all()
