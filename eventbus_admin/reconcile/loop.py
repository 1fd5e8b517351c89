"""The reconciler's loop, in the one process that leads."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from bus_core.link import Link
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile import runs
from eventbus_admin.reconcile.backlog import Backlog
from eventbus_admin.reconcile.cycle import Round, reconcile_once
from eventbus_admin.reconcile.directives import DirectiveSender
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.models import Run
from eventbus_admin.registry.revision import current_revision, registry_changed

POLL_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 30.0

logger = structlog.get_logger(__name__)


class Reconciler:
    """Keeps the broker as the registry asks, as long as this process leads.

    Level-triggered: what it does follows from how things are, looked at in full every
    `EVENTBUS_COMPARE_SECONDS`. A change of the registry, a queued run or `wake` only make it look
    earlier. `link` is the way to send directives; without one none are sent.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        leadership: Leadership,
        link: Link | None = None,
        compare_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._leadership = leadership
        self._link = link
        self._seconds = compare_seconds or float(settings.EVENTBUS_COMPARE_SECONDS)
        self._clock = clock
        self._woken = threading.Event()
        self._failures = 0
        self._reset(None)

    def wake(self, **_signal: Any) -> None:
        """Look now rather than later; may be called from any thread."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, on the calling thread; no exception ends it."""
        registry_changed.connect(self.wake)
        try:
            while not stop.is_set():
                if pause := self._turn_safely():
                    stop.wait(pause)
                else:
                    self._woken.wait(POLL_SECONDS)
        finally:
            registry_changed.disconnect(self.wake)
            connection.close()

    def turn(self) -> None:
        """Do what is due, if this process leads."""
        fence = self._leadership.fence
        if fence != self._fence:
            self._reset(fence)
            if fence is not None:
                runs.requeue_abandoned()
        if fence is None:
            self._woken.clear()
            return
        if (run := runs.claim()) is not None:
            self._carry_out(run, fence)
        elif self._due():
            self._look(fence)

    # -- inside ----------------------------------------------------------------------------------

    def _reset(self, fence: Fence | None) -> None:
        """Begin anew, with nothing remembered, under this fence."""
        self._fence = fence
        self._seen_revision = -1
        self._next_look = 0.0
        self._backlog = Backlog(spacing=0.8 * self._seconds)
        self._sender = DirectiveSender(self._link) if self._link is not None else None

    def _turn_safely(self) -> float:
        """Do what is due; returns for how many seconds to leave everything alone."""
        try:
            close_old_connections()
            self.turn()
        except LeaseLost as error:
            logger.info("leadership lost", reason=str(error))
            if self._fence is not None:
                self._leadership.lose(self._fence)
        except Exception:
            self._failures += 1
            pause: float = min(LONGEST_BACKOFF_SECONDS, POLL_SECONDS * 2.0**self._failures)
            logger.exception("reconciling failed", again_in_seconds=pause)
            return pause
        self._failures = 0
        return 0.0

    def _due(self) -> bool:
        woken = self._woken.is_set()
        return woken or self._clock() >= self._next_look or self._registry_moved()

    def _registry_moved(self) -> bool:
        return current_revision() != self._seen_revision

    def _look(self, fence: Fence) -> None:
        done = self._round(fence)
        run = runs.record(done, f"Registry revision {done.wishes.revision}")
        if run is not None:
            logger.info("run ended", run_id=str(run.pk), state=run.state, error=run.error)

    def _carry_out(self, run: Run, fence: Fence) -> None:
        with structlog.contextvars.bound_contextvars(run_id=str(run.pk)):
            logger.info("run begun", reason=run.reason)
            try:
                done = self._round(fence, policy=runs.policy_of(run))
            except Exception as error:
                runs.fail(run, f"It broke off: {type(error).__name__}.")
                logger.warning("run broke off", error=type(error).__name__)
                raise
            runs.finish(run, done)
            logger.info("run ended", state=run.state, error=run.error)

    def _round(self, fence: Fence, **options: Any) -> Round:
        # Before the look: what comes while it lasts is for the next one.
        self._woken.clear()
        done = reconcile_once(self._broker, fence=fence, backlog=self._backlog, **options)
        self._seen_revision = done.wishes.revision
        self._next_look = self._clock() + self._seconds
        self._tell(done)
        if self._sender is not None:
            self._sender.follow(done)
        return done

    def _tell(self, done: Round) -> None:
        if done.results:
            logger.info(
                "applied",
                revision=done.wishes.revision,
                steps=len(done.results),
                failed=len(done.failed),
            )
        if done.error:
            logger.warning("broker not read", reason=done.error)
