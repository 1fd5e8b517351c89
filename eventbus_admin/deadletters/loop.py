"""`DeadLetterKeeper`: takes dead letters in and sends them again, while this process leads."""

import threading
import time
from collections.abc import Callable, Sequence

import structlog
from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, close_old_connections
from django.db.models import Count, Sum

from bus_core.connecting import open_link
from bus_core.errors import BusError
from bus_core.link import Link, LinkState
from bus_core.topology import parse_name
from eventbus_admin.deadletters import retention
from eventbus_admin.deadletters.following import Follower
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.deadletters.runs import advance_all
from eventbus_admin.deadletters.sources import Sources
from eventbus_admin.deadletters.taking_in import Arrived, take_in
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.registry.models import Service

CLIENT_NAME = "eventbus-admin dead letters"
TICK_SECONDS = 0.1
LOOK_SECONDS = 1.0
RUN_SECONDS = 0.25
FOLLOW_SECONDS = 1.0
COUNT_SECONDS = 10.0
TRIM_SECONDS = 60.0
AWAY_SECONDS = 2.0
BATCH = 100
MAX_ROWS = 200_000
MAX_BYTES = 8 * 1024**3
"""Of what waits here; beyond either the rest stays in its queue."""

log = structlog.get_logger(__name__)


class DeadLetterKeeper:
    """Works only while this process leads; an absent broker or database is waited for."""

    def __init__(self, url: str, leadership: Leadership) -> None:
        self._url = url
        self._leadership = leadership

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, on the calling thread.

        Raises a `BusError` when the broker will never let us in.
        """
        while not stop.is_set():
            fence = self._leadership.fence
            if fence is None:
                stop.wait(TICK_SECONDS)
                continue
            link = open_link(self._url, client_name=CLIENT_NAME)
            try:
                Session(link, fence).run(stop, lambda: self._leadership.fence == fence)  # noqa: B023
            except LeaseLost:
                self._leadership.lose(fence)
            finally:
                link.close()
                close_old_connections()


class Session:
    """One time of leading, on one link."""

    def __init__(self, link: Link, fence: Fence) -> None:
        self._link = link
        self._fence = fence
        self._sources = Sources(link)
        self._follower = Follower()
        self._due: dict[str, float] = {}
        self._full = False
        self._away = False

    def run(self, stop: threading.Event, leads: Callable[[], bool]) -> None:
        """Work until told to stop, or until somebody else leads. Raises `LeaseLost`."""
        try:
            while leads() and not stop.is_set():
                if self._link.state in {LinkState.FAILED, LinkState.CLOSED}:
                    raise BusError("the broker refuses the connection for dead letters")
                stop.wait(self._turn_safely())
        finally:
            self._sources.close()

    def turn(self) -> bool:
        """Do what is due; returns whether there is more to do at once."""
        if self._is_due("look", LOOK_SECONDS):
            self._look()
        arrived = self._sources.waiting(BATCH)
        self._write(arrived)
        more = bool(arrived)
        if self._is_due("run", RUN_SECONDS) and advance_all(self._link, self._fence):
            self._due.pop("run")
            more = True
        if self._is_due("follow", FOLLOW_SECONDS) and self._follower.follow(self._fence):
            self._due.pop("follow")
        if self._is_due("trim", TRIM_SECONDS) and retention.trim():
            self._due.pop("trim")
        return more

    # -- inside ----------------------------------------------------------------------------------

    def _turn_safely(self) -> float:
        """Do what is due; returns for how many seconds to leave everything alone."""
        try:
            close_old_connections()
            more = self.turn()
        except (OperationalError, InterfaceError) as error:
            # What came is held, and as much as may come is bounded; the broker keeps the rest.
            if not self._away:
                log.warning("deadletters.database_away", error=str(error))
            self._away = True
            close_old_connections()
            return AWAY_SECONDS
        self._away = False
        return 0.0 if more else TICK_SECONDS

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _look(self) -> None:
        if not settings.EVENTBUS_INGEST_DEAD_LETTERS:
            return
        if self._is_due("count", COUNT_SECONDS):
            self._full = _is_full()
        self._sources.follow(() if self._full else _readable())

    def _write(self, arrived: Sequence[Arrived]) -> None:
        if not arrived:
            return
        try:
            take_in(self._fence, arrived)
        except (OperationalError, InterfaceError):
            raise
        except (Error, ValueError, TypeError):
            if len(arrived) > 1:
                for one in arrived:
                    self._write([one])
                return
            log.exception("deadletters.not_written", service=arrived[0].service)
            self._sources.set_aside(arrived[0])
            return
        self._sources.written(arrived)


def _readable() -> frozenset[str]:
    """Return the services of the registry whose dead-letter queue the broker has."""
    queues = BrokerObject.objects.filter(
        kind="queue", name__startswith="dead__", found__isnull=False
    ).values_list("name", flat=True)
    named = (parse_name(queue) for queue in queues)
    there = {one.service for one in named if one is not None and one.service}
    return frozenset(Service.objects.filter(name__in=there).values_list("name", flat=True))


def _is_full() -> bool:
    held = DeadLetter.objects.waiting().order_by().aggregate(rows=Count("pk"), bytes=Sum("size"))
    full = held["rows"] >= MAX_ROWS or (held["bytes"] or 0) >= MAX_BYTES
    if full:
        log.warning("deadletters.full", rows=held["rows"], bytes=held["bytes"])
    return full
