"""The reconciler's loop, in the one process that leads."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from bus_core.link import Link
from eventbus_admin.broker.interface import Broker, Observation
from eventbus_admin.reconcile import runs
from eventbus_admin.reconcile.asked import PlanChanged
from eventbus_admin.reconcile.attempts import Attempts
from eventbus_admin.reconcile.backlog import Backlog
from eventbus_admin.reconcile.breaker import Breaker
from eventbus_admin.reconcile.cycle import Round, reconcile_once
from eventbus_admin.reconcile.directives import DirectiveSender
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.memory import Stored
from eventbus_admin.reconcile.models import Run
from eventbus_admin.registry.revision import current_revision, registry_changed

POLL_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 30.0
KEPT_SECONDS = 30.0
"""So long a complete look may be planned against, however rare the looks are."""

logger = structlog.get_logger(__name__)


class Reconciler:
    """Keeps the broker as the registry asks, as long as this process leads.

    Level-triggered: what it does follows from how things are, looked at in full every
    `EVENTBUS_COMPARE_SECONDS`. A queued run or `wake` only make it look earlier. A change of the
    registry is planned against the last complete look, so that it costs few calls; the next look
    shows whether that was right. `link` is the way to send directives; without one none are sent.

    A broker that cannot be read is left alone for a while, whatever changes meanwhile; a run that
    a person asks for is tried at once.
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
        self._look_wanted = threading.Event()
        self._failures = 0
        self._reset(None)

    def wake(self, **_signal: Any) -> None:
        """Look now rather than later; may be called from any thread."""
        self._look_wanted.set()
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, on the calling thread; no exception ends it."""
        registry_changed.connect(self._hasten)
        try:
            while not stop.is_set():
                if pause := self._turn_safely():
                    stop.wait(pause)
                else:
                    self._woken.wait(POLL_SECONDS)
        finally:
            registry_changed.disconnect(self._hasten)
            connection.close()

    def turn(self) -> None:
        """Do what is due, if this process leads."""
        # Before looking at what is due: what comes meanwhile is for the next turn.
        self._woken.clear()
        fence = self._leadership.fence
        if fence != self._fence:
            self._reset(fence)
            if fence is not None:
                with fence.writing():
                    runs.requeue_abandoned()
        if fence is None:
            self._look_wanted.clear()
        elif (run := self._claim(fence)) is not None:
            self._carry_out(run, fence)
        elif self._due():
            self._look(fence)
        elif not self._breaker.tripped and self._registry_moved():
            self._look(fence, kept=self._recent())

    # -- inside ----------------------------------------------------------------------------------

    def _hasten(self, **_signal: Any) -> None:
        """Do not wait for the next turn."""
        self._woken.set()

    def _reset(self, fence: Fence | None) -> None:
        """Begin anew, with nothing remembered, under this fence."""
        self._fence = fence
        self._seen_revision = -1
        self._next_look = 0.0
        self._kept: Observation | None = None
        self._kept_until = 0.0
        self._backlog = Backlog(spacing=0.8 * self._seconds)
        self._attempts = Attempts(self._clock)
        self._stored = Stored()
        self._breaker = Breaker(self._clock)
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
            # A run that it broke off is taken up again, as after a change of leader.
            self._reset(None)
            return pause
        self._failures = 0
        return 0.0

    def _due(self) -> bool:
        wanted = self._look_wanted.is_set() and not self._breaker.tripped
        return wanted or self._clock() >= self._next_look

    def _registry_moved(self) -> bool:
        return current_revision() != self._seen_revision

    def _recent(self) -> Observation | None:
        """Return the last complete look and what was written since, if it is of any use."""
        return self._kept if self._clock() < self._kept_until else None

    def _claim(self, fence: Fence) -> Run | None:
        if not Run.objects.filter(state=Run.State.QUEUED).exists():
            return None
        with fence.writing():
            return runs.claim()

    def _look(self, fence: Fence, kept: Observation | None = None) -> None:
        done = self._round(fence, kept=kept)
        if not done.results:
            return
        with fence.writing():
            run = runs.record(done, f"Registry revision {done.wishes.revision}")
        if run is not None:
            logger.info("run ended", run_id=str(run.pk), state=run.state, error=run.error)

    def _carry_out(self, run: Run, fence: Fence) -> None:
        with structlog.contextvars.bound_contextvars(run_id=str(run.pk)):
            logger.info("run begun", reason=run.reason)
            self._bring_to_end(run, fence)
            logger.info("run ended", state=run.state, error=run.error)

    def _bring_to_end(self, run: Run, fence: Fence) -> None:
        try:
            done = self._round(
                fence, policy=runs.policy_of(run), progress=runs.Progress(run, fence)
            )
        except PlanChanged as changed:
            with fence.writing():
                runs.refuse(run, changed)
            self.wake()
            return
        except LeaseLost:
            raise
        except Exception as error:
            with fence.writing():
                runs.fail(run, f"It broke off: {type(error).__name__}.")
            logger.warning("run broke off", error=type(error).__name__)
            raise
        with fence.writing():
            runs.finish(run, done)

    def _round(self, fence: Fence, **options: Any) -> Round:
        def check() -> None:
            if self._leadership.fence != fence:
                raise LeaseLost("the lease ran out meanwhile")

        if options.get("kept") is None:
            self._look_wanted.clear()
        done = reconcile_once(
            self._broker,
            fence=fence,
            backlog=self._backlog,
            attempts=self._attempts,
            stored=self._stored,
            check=check,
            **options,
        )
        self._seen_revision = done.wishes.revision
        self._plan_ahead(done)
        self._tell(done)
        if self._sender is not None:
            self._sender.follow(done)
        return done

    def _plan_ahead(self, done: Round) -> None:
        """Say when to look next, and what may be planned against until then."""
        if done.seen is None:
            self._kept = None
            self._breaker.failed(absent=done.absent)
            self._next_look = self._breaker.until
            return
        self._breaker.worked()
        self._kept = done.seen
        now = self._clock()
        if done.complete:
            self._next_look = now + self._seconds
            self._kept_until = now + KEPT_SECONDS
        if not (done.complete or done.applied):
            self._next_look = now
        elif (again := self._attempts.next_try()) is not None:
            self._next_look = min(self._next_look, again)

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
