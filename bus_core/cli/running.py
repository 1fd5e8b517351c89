"""Running one bus in this process until it ends or is told to."""

import os
import sys
import threading
from collections.abc import Callable
from enum import Enum
from queue import SimpleQueue
from signal import Signals

from bus_core.broker_bus import BrokerBus
from bus_core.bus import EventBus
from bus_core.cli.interrupts import into, take
from bus_core.cli.terminal import say

AT_ONCE_SECONDS = 2.0
"""So long the connection may take to be closed in good order when the end is to be at once."""


class Happening(Enum):
    """What may happen to a running bus."""

    STOP = "stop"
    """Its supervisor has gone, or wants it to end."""
    NOW = "now"
    """Its supervisor wants it to end at once."""
    ENDED = "ended"


class Running:
    """Runs a bus on a thread, so that this one, which gets the signals, can decide.

    `happenings` takes a `Happening` from any thread, and signals. The first signal ends it in good
    order, within `grace` seconds. The second one ends it at once, unless it is `supervised`: then
    signals may come twice, from the supervisor and from whoever signals the whole group.
    """

    def __init__(self, bus: EventBus, *, grace: float, supervised: bool = False) -> None:
        self.ending = False
        self.happenings: SimpleQueue[Happening | Signals] = SimpleQueue()
        self._bus = bus
        self._grace = grace
        self._supervised = supervised
        self._error: BaseException | None = None
        self._runner = threading.Thread(target=self._run, name="bus-run", daemon=True)

    def until_ended(self) -> int:
        """Run; return the exit code. Raises whatever the bus raised."""
        with into(self.happenings):
            self._runner.start()
            while (what := take(self.happenings)) is not Happening.ENDED:
                at_once = self.ending and isinstance(what, Signals) and not self._supervised
                if at_once or what is Happening.NOW:
                    self._end_at_once(what)
                elif not self.ending:
                    self._begin_to_end(what)
        if self._error is not None:
            raise self._error
        return 0

    def _run(self) -> None:
        self._note_error(self._bus.run)
        if not self.ending:
            self.happenings.put(Happening.ENDED)

    def _begin_to_end(self, what: Happening | Signals) -> None:
        self.ending = True
        if not self._supervised:
            say(
                f"{what.name}: finishing what is held, for at most {self._grace:g} s; "
                "once more ends at once."
            )
        threading.Thread(target=self._close, name="bus-close", daemon=True).start()

    def _close(self) -> None:
        self._note_error(lambda: self._bus.close(self._grace))
        self._runner.join()
        self.happenings.put(Happening.ENDED)

    def _note_error(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - raised again on the main thread
            self._error = error

    def _end_at_once(self, what: Happening | Signals) -> None:
        """Leave without waiting for handlers; what they hold goes back to the broker."""
        if not self._supervised:
            say(f"{what.name} again: ending at once; what is held goes back to the broker.")
        if isinstance(self._bus, BrokerBus):
            # Those that were handled are still acknowledged, or they would be handled again.
            closing = threading.Thread(
                target=self._bus.link.close, kwargs={"timeout": 0.0}, daemon=True
            )
            closing.start()
            closing.join(AT_ONCE_SECONDS)
        sys.stdout.flush()
        sys.stderr.flush()
        number = what.value if isinstance(what, Signals) else Signals.SIGTERM
        os._exit(128 + number)
