"""Who leads, among any number of worker processes: a row with a time limit and a fencing number.

Every step is one conditional UPDATE, so it works the same on SQLite and on PostgreSQL, and all
times are the database's, so the processes' clocks do not matter. The number rises with every
change of leader. What a leader writes, it writes in a transaction that first holds on to its
number (`Fence.hold`): somebody who was stalled and overtaken writes nothing any more.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import structlog
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from eventbus_admin.reconcile.models import Lease

LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
STANDBY_SECONDS = 1.0
"""How often somebody who does not lead looks whether the lease is free."""
LEADER = "leader"

logger = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else leads by now; nothing was written."""


@dataclass(frozen=True)
class Fence:
    """Proof of having led: the lease's number at that time."""

    lease: str
    number: int

    def hold(self) -> None:
        """Keep anybody from taking over before the running transaction ends.

        Raises `LeaseLost` when somebody has.
        """
        held = Lease.objects.filter(name=self.lease, fence=self.number).exclude(holder="")
        # An UPDATE rather than SELECT FOR UPDATE, which SQLite does not know.
        if not held.update(fence=self.number):
            raise LeaseLost(f"lease {self.lease} was taken over")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in a transaction of its own, which is undone when somebody else leads by now.

        Raises `LeaseLost` then.
        """
        with transaction.atomic():
            self.hold()
            yield


class Leadership:
    """This process's part in the election; `fence` may be asked from any thread."""

    def __init__(
        self,
        name: str = LEADER,
        *,
        holder: str = "",
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._fence: Fence | None = None
        self._good_until = 0.0
        self._lock = threading.Lock()

    @property
    def fence(self) -> Fence | None:
        """Proof that this process leads; `None` when it does not, or cannot be sure any more."""
        with self._lock:
            return self._fence if self._clock() < self._good_until else None

    def renew(self) -> Fence | None:
        """Take the lease if it is free, keep it if it is ours; returns what `fence` is then."""
        asked = self._clock()
        with self._lock:
            fence = self._fence
        if fence is None or not self._extend(fence):
            fence = self._take()
        with self._lock:
            if (self._fence is None) != (fence is None):
                logger.info("leadership", leads=fence is not None, holder=self.holder)
            self._fence = fence
            # From before the question: the database's limit cannot be earlier than ours.
            self._good_until = asked + self._seconds if fence else 0.0
        return self.fence

    def lose(self, fence: Fence) -> None:
        """Stop leading under this fence: somebody was found to have taken over."""
        with self._lock:
            if self._fence == fence:
                self._fence, self._good_until = None, 0.0

    def release(self) -> None:
        """Let another process lead at once."""
        with self._lock:
            fence, self._fence, self._good_until = self._fence, None, 0.0
        if fence is not None:
            Lease.objects.filter(name=self._name, holder=self.holder, fence=fence.number).update(
                holder="", expires=None
            )

    def run(self, stop: threading.Event) -> None:
        """Renew until told to stop, on a thread of its own, then release."""
        try:
            while not stop.is_set():
                self._renew_safely()
                stop.wait(RENEW_SECONDS if self.fence is not None else STANDBY_SECONDS)
            self.release()
        except Error as error:
            logger.warning("lease not released", error=str(error))
        finally:
            connection.close()

    def _renew_safely(self) -> None:
        try:
            close_old_connections()
            self.renew()
        except Error as error:
            # `fence` runs out by itself.
            logger.warning("lease not renewed", error=str(error))

    def _extend(self, fence: Fence) -> bool:
        ours = Lease.objects.filter(name=self._name, holder=self.holder, fence=fence.number)
        return bool(ours.update(expires=self._limit))

    def _take(self) -> Fence | None:
        Lease.objects.bulk_create([Lease(name=self._name)], ignore_conflicts=True)
        free = Q(holder="") | Q(expires=None) | Q(expires__lt=Now())
        taken = Lease.objects.filter(free, name=self._name).update(
            holder=self.holder, fence=F("fence") + 1, expires=self._limit
        )
        if not taken:
            return None
        number = Lease.objects.values_list("fence", flat=True).get(name=self._name)
        return Fence(self._name, number)

    @property
    def _limit(self) -> object:
        return Now() + timedelta(seconds=self._seconds)
