"""`Hints`: has the reconciler look as soon as the broker tells of a change, while we lead.

A hint says nothing but "look now": the comparison every `EVENTBUS_COMPARE_SECONDS` is the truth,
with or without. Our own changes are heard too; each leads to one more look, which finds nothing
to do. Should a look ever change something each time, the budget ends the hurry.
"""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import close_old_connections

from eventbus_admin.broker.changes import Changes, Finding, Hearing, Listening
from eventbus_admin.broker.errors import BrokerError, BrokerRefused, NotTold
from eventbus_admin.reconcile.lease import Leadership, LeaseLost
from eventbus_admin.reconcile.store import save_hearing

TICK_SECONDS = 0.25
SETTLE_SECONDS = 0.3
"""What is changed together is looked at together."""
LOOK_SECONDS = 5.0
"""How often it is made sure that we still hear."""
AGAIN_SECONDS = 30.0
"""After which a broker that told nothing is asked again."""
BURST = 10
REFILL_SECONDS = 5.0

logger = structlog.get_logger(__name__)


class Budget:
    """Ten hints at once, then one every five seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left = float(BURST)
        self._counted_at = now()

    def wait(self) -> float:
        """Spend one; returns the seconds to wait before it may be used."""
        now = self._now()
        earned = (now - self._counted_at) / REFILL_SECONDS
        self._left = min(self._left + earned, float(BURST)) - 1
        self._counted_at = now
        return max(-self._left, 0.0) * REFILL_SECONDS


class Hints:
    """Listens while this process leads, and stores whether it hears anything."""

    def __init__(
        self, *, changes: Changes, leadership: Leadership, wake: Callable[[], None]
    ) -> None:
        self._changes = changes
        self._leadership = leadership
        self._wake = wake
        self._budget = Budget()
        self._noted: tuple[object, Finding] | None = None

    def run(self, stop: threading.Event) -> None:
        """Listen until told to stop, on the calling thread."""
        while not stop.is_set():
            if not self._leads():
                stop.wait(TICK_SECONDS)
                continue
            heard = threading.Event()
            try:
                listening = self._changes.listen(heard.set)
            except BrokerError as error:
                self._note_failure(error)
                self._pause(stop)
                continue
            try:
                self._follow(listening, heard, stop)
            finally:
                listening.close()

    # -- inside ----------------------------------------------------------------------------------

    def _follow(self, listening: Listening, heard: threading.Event, stop: threading.Event) -> None:
        look_at = 0.0
        while self._leads() and not stop.is_set():
            if time.monotonic() >= look_at:
                if not self._look(listening):
                    self._pause(stop)
                    return
                hears = self._noted is not None and self._noted[1].hearing is Hearing.ON
                look_at = time.monotonic() + (LOOK_SECONDS if hears else TICK_SECONDS)
            if heard.wait(TICK_SECONDS):
                stop.wait(SETTLE_SECONDS)
                heard.clear()
                self._wake()
                # What comes meanwhile waits and is one hint in the end.
                stop.wait(self._budget.wait())

    def _look(self, listening: Listening) -> bool:
        """Store how well we hear; returns whether to go on with this."""
        try:
            found = listening.look()
        except BrokerError as error:
            # The reconciler says it; the connection comes back by itself.
            found = Finding(Hearing.UNKNOWN, str(error))
        self._note(found)
        return found.hearing is not Hearing.REFUSED

    def _leads(self) -> bool:
        return self._leadership.fence is not None

    def _pause(self, stop: threading.Event) -> None:
        until = time.monotonic() + AGAIN_SECONDS
        while self._leads() and time.monotonic() < until and not stop.wait(TICK_SECONDS):
            pass

    def _note_failure(self, error: BrokerError) -> None:
        match error:
            case NotTold():
                hearing = Hearing.OFF
            case BrokerRefused():
                hearing = Hearing.REFUSED
            case _:
                hearing = Hearing.UNKNOWN
        self._note(Finding(hearing, str(error)))

    def _note(self, found: Finding) -> None:
        """Store what is new, in the name of the present leader."""
        fence = self._leadership.fence
        if fence is None or (fence, found) == self._noted:
            return
        close_old_connections()
        try:
            save_hearing(fence, found)
        except LeaseLost:
            return  # the successor says how it is
        self._noted = (fence, found)
        logger.info("hearing of changes", hearing=found.hearing.value, reason=found.message)
