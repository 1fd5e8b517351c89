"""`Feed`: the tap, the reports and the pump together, while this process leads."""

import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, close_old_connections

from bus_core.connecting import open_link
from bus_core.errors import BusError
from bus_core.link import Link, LinkState
from eventbus_admin.feed import exchanges
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.pump import Pump
from eventbus_admin.feed.reports import Reports
from eventbus_admin.feed.tap import Tap

TICK_SECONDS = 0.1
LOOK_SECONDS = 1.0
BIND_SECONDS = 30.0
CLIENT_NAME = "eventbus-admin feed"


class Feed:
    """One tap for the whole installation: it listens only while `leads` says so."""

    def __init__(self, url: str, broadcaster: Broadcaster, leads: Callable[[], bool]) -> None:
        self._url = url
        self._broadcaster = broadcaster
        self._leads = leads

    def run(self, stop: threading.Event) -> None:
        """Listen whenever this process leads, until told to stop.

        Raises a `BusError` when the broker will never let us in; an absent one is waited for.
        """
        while not stop.is_set():
            if not self._leads():
                stop.wait(TICK_SECONDS)
                continue
            link = open_link(self._url, client_name=CLIENT_NAME)
            try:
                Session(link, self._broadcaster).run(stop, self._leads)
            finally:
                link.close()
                close_old_connections()


class Session:
    """One time of leading, on one link."""

    def __init__(self, link: Link, broadcaster: Broadcaster) -> None:
        self._link = link
        self._pump = Pump(broadcaster)
        self._tap = Tap(link, self._pump.events)
        self._reports = Reports(link, self._pump.reports)
        self._looked_at = self._bound_at = float("-inf")
        self._known: object = None

    def run(self, stop: threading.Event, leads: Callable[[], bool]) -> None:
        """Pump until told to stop, or until somebody else leads."""
        while leads() and not stop.is_set():
            self._check_link()
            self._look()
            if not self._pump.move():
                stop.wait(TICK_SECONDS)
        self._tap.close()
        self._reports.close()
        self._pump.move()

    def _check_link(self) -> None:
        if self._link.state in {LinkState.FAILED, LinkState.CLOSED}:
            raise BusError("the broker refuses the feed's connection")

    def _look(self) -> None:
        """Bind what is new at once, and everything again every 30 s."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        close_old_connections()
        try:
            registered, found = exchanges.registered(), exchanges.found()
        except (OperationalError, InterfaceError):
            return  # the database is away; what is bound stays bound
        if (registered, found) == self._known and now - self._bound_at < BIND_SECONDS:
            return
        self._tap.follow(registered, found)
        self._reports.bind_again()
        self._known, self._bound_at = (registered, found), now
