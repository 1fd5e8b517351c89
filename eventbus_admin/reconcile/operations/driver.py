"""`Operator`: carries operations forward, in the one process that leads."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import close_old_connections, connection

from bus_core.errors import BusError
from bus_core.link import Link
from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations import progress, quarantines
from eventbus_admin.reconcile.operations.looks import Look, look
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.reconcile.operations.removal import ObjectRemoval, QueueRemoval
from eventbus_admin.reconcile.operations.restore import Restore
from eventbus_admin.reconcile.operations.swap import Swap
from eventbus_admin.reconcile.operations.work import Hands, Work

IDLE_SECONDS = 0.5
TURN_SECONDS = 0.15
LOOK_SECONDS = 1.0
LOOKS_SHARE = 3.0
"""Between two looks at the broker passes so many times what one takes."""
SAVE_SECONDS = 1.0
EXPIRE_SECONDS = 60.0
AT_ONCE = 3
LONGEST_BACKOFF_SECONDS = 30.0

State = Operation.State
logger = structlog.get_logger(__name__)


class Operator:
    """Works on the unfinished operations as long as this process leads.

    A few at a time, the oldest first; those that are paused hold up nobody. `on_change` is told
    when a phase has changed something on the broker.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        leadership: Leadership,
        link: Link,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hands = Hands(broker=broker, link=link, clock=clock)
        self._leadership = leadership
        self._on_change = on_change
        self._clock = clock
        self._fence: Fence | None = None
        self._works: dict[object, Work] = {}
        self._stored: dict[object, tuple[tuple[object, ...], float]] = {}
        self._look: Look | None = None
        self._look_again = 0.0
        self._expire_again = 0.0
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, on the calling thread; no exception ends it."""
        try:
            while not stop.is_set():
                stop.wait(self._turn_safely())
        finally:
            self._drop_all()
            connection.close()

    def turn(self) -> float:
        """Do what is due; returns in how many seconds to come again."""
        fence = self._leadership.fence
        if fence != self._fence:
            self._drop_all()
            self._fence = fence
        if fence is None:
            return IDLE_SECONDS
        self._discard_expired(fence)
        rows = self._due(progress.unfinished())
        for gone in self._works.keys() - {one.pk for one in rows}:
            self._drop(gone)
        if not rows:
            self._look = None
            return IDLE_SECONDS
        for row in rows:
            self._carry_on(row, fence)
        return TURN_SECONDS

    # -- inside ----------------------------------------------------------------------------------

    def _turn_safely(self) -> float:
        try:
            close_old_connections()
            pause = self.turn()
        except LeaseLost as error:
            logger.info("leadership lost", reason=str(error))
            if self._fence is not None:
                self._leadership.lose(self._fence)
            return IDLE_SECONDS
        except Exception:
            self._failures += 1
            logger.exception("operations failed")
            return min(LONGEST_BACKOFF_SECONDS, IDLE_SECONDS * 2.0**self._failures)
        self._failures = 0
        return pause

    @staticmethod
    def _due(rows: list[Operation]) -> list[Operation]:
        """Return what to work on: all that was begun, and new ones as there is room."""
        begun = [one for one in rows if one.state != State.QUEUED]
        running = sum(one.state == State.RUNNING for one in begun)
        queued = [one for one in rows if one.state == State.QUEUED]
        return [*begun, *queued[: max(0, AT_ONCE - running)]]

    def _carry_on(self, row: Operation, fence: Fence) -> None:
        work = self._work_of(row)
        operation, before, phase = work.operation, row.state, row.phase
        operation.state = row.state
        try:
            work.turn(self._looked())
        except (BrokerError, BusError) as error:
            work.say(f"It waits for the broker: {error}")
        except Exception as error:
            logger.exception("operation broke off", operation=str(row.pk))
            work.rest()
            operation.state = State.PAUSED
            work.say(
                f"It stopped at an error of ours ({type(error).__name__}), which the log tells. "
                "Nothing is lost; resume to try again."
            )
        self._store(work, before, fence)
        if operation.phase != phase or operation.ended:
            self._look = None  # what follows is to be decided by a new look
            self._on_change()
        if operation.ended:
            self._drop(operation.pk)

    def _store(self, work: Work, before: str, fence: Fence) -> None:
        operation, now = work.operation, self._clock()
        mark = progress.fingerprint(operation)
        stored, at = self._stored.get(operation.pk, (None, 0.0))
        if mark == stored and not work.effects and now - at < SAVE_SECONDS:
            return
        progress.save(fence, operation, before, work.effects)
        work.effects.clear()
        self._stored[operation.pk] = mark, now

    def _work_of(self, row: Operation) -> Work:
        if row.pk not in self._works:
            self._works[row.pk] = _work(row, self._hands)
        return self._works[row.pk]

    def _looked(self) -> Look:
        now = self._clock()
        if self._look is None or now >= self._look_again:
            self._look = look(self._hands.broker)
            after = self._clock()
            self._look_again = after + max(LOOK_SECONDS, LOOKS_SHARE * (after - now))
        return self._look

    def _discard_expired(self, fence: Fence) -> None:
        if self._clock() >= self._expire_again:
            self._expire_again = self._clock() + EXPIRE_SECONDS
            quarantines.discard_expired(fence)

    def _drop(self, pk: object) -> None:
        self._stored.pop(pk, None)
        work = self._works.pop(pk, None)
        if work is not None:
            work.rest()

    def _drop_all(self) -> None:
        for pk in list(self._works):
            self._drop(pk)
        self._look = None


def _work(operation: Operation, hands: Hands) -> Work:
    if operation.kind == Operation.Kind.SWAP:
        return Swap(operation, hands)
    if operation.kind == Operation.Kind.RESTORE:
        return Restore(operation, hands)
    if operation.object_kind == ObjectKind.QUEUE:
        return QueueRemoval(operation, hands)
    return ObjectRemoval(operation, hands)
