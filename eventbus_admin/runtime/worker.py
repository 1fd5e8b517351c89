"""`Worker`: everything that runs behind the pages."""

import threading
from functools import partial

from django.conf import settings

from bus_core.connecting import open_link
from eventbus_admin.broker.factory import current_broker, current_changes
from eventbus_admin.deadletters.loop import DeadLetterKeeper
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.loop import Feed
from eventbus_admin.journal import retention
from eventbus_admin.reconcile.hints import Hints
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.operations.driver import Operator
from eventbus_admin.reconcile.rotation import Rotations
from eventbus_admin.runtime.supervision import Part, Supervisor

STOP_SECONDS = 6.0
LINK_SECONDS = 2.0
DIRECTIVES_CLIENT = "eventbus-admin directives"
OPERATIONS_CLIENT = "eventbus-admin operations"


class Worker:
    """Leadership, and what a leader does, on threads of this process.

    Any number of processes may run one. What only one may do is done where the lease is held.
    """

    def __init__(self, broadcaster: Broadcaster) -> None:
        self._broadcaster = broadcaster
        self._link = open_link(settings.EVENTBUS_BUS_URL, client_name=DIRECTIVES_CLIENT)
        self._operations_link = open_link(settings.EVENTBUS_BUS_URL, client_name=OPERATIONS_CLIENT)
        leadership = Leadership()
        reconciler = Reconciler(broker=current_broker(), leadership=leadership, link=self._link)
        operator = Operator(
            broker=current_broker(),
            leadership=leadership,
            link=self._operations_link,
            on_change=reconciler.wake,
        )

        def leads() -> bool:
            return leadership.fence is not None

        hints = Hints(changes=current_changes(), leadership=leadership, wake=reconciler.wake)
        feed = Feed(settings.EVENTBUS_BUS_URL, broadcaster, leads)
        dead_letters = DeadLetterKeeper(settings.EVENTBUS_BUS_URL, leadership)
        self._supervisor = Supervisor(
            [
                Part("lease", leadership.run),
                Part("reconcile", reconciler.run),
                Part("rotation", Rotations(current_broker(), leadership).run),
                Part("operations", operator.run),
                Part("hints", hints.run),
                Part("feed", feed.run),
                Part("dead letters", dead_letters.run),
                Part("retention", partial(retention.run, leads=leads)),
            ]
        )

    def start(self) -> None:
        """Start to work; returns at once."""
        self._supervisor.start()

    def stop(self, timeout: float = STOP_SECONDS) -> list[str]:
        """Finish within `timeout` seconds; returns the names of what still runs."""
        left = self._supervisor.stop(timeout)
        self._link.close(LINK_SECONDS)
        self._operations_link.close(LINK_SECONDS)
        self._broadcaster.close()
        return left


def run_until(stop: threading.Event, worker: Worker) -> list[str]:
    """Work until told to stop; returns the names of what did not stop in time."""
    worker.start()
    stop.wait()
    return worker.stop()
