"""The four services in one process, and somebody who keeps asking for exports.

For a first look without any broker, or without four terminals. It survives a broker that is away,
and one that refuses the login for now.
"""

import logging
import random
import threading
import time
from collections.abc import Iterable

from bus_core import BusError, EventBus, LoginRefused
from examples.libero import crossref_exporter, export_manager, meca_exporter, submission

logger = logging.getLogger(__name__)

# What goes wrong comes early, so that it is seen, and then seldom: dead letters pile up.
_OPENING = ("elife", "plant-notes", "flaky-journal", "broken-journal", "elife", "unlisted-journal")
_ORDINARY = ("plant-notes", "elife", "elife", "flaky-journal", "elife", "plant-notes", "elife")
JOURNALS = _OPENING + _ORDINARY * 20

PUBLISH_SECONDS = 2.0
GRACE_SECONDS = 1.0
STOP_SECONDS = 6.0
AGAIN_SECONDS = 30.0
"""So long it waits, when the broker refuses the login, before it tries again."""


class Story:
    """A story that is being played, on threads of its own."""

    def __init__(self, url: str, *, pace_seconds: float) -> None:
        self._url = url
        self._pace = pace_seconds
        self._stopping = threading.Event()
        self._buses = self._build()  # here: a wrong URL is an error of the caller's
        self._thread = threading.Thread(target=self._run, name="libero-story", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, within a few seconds; what no handler has finished stays with the broker."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def _build(self) -> list[EventBus]:
        services = (export_manager, meca_exporter, crossref_exporter, submission)
        return [service.build(self._url) for service in services]

    def _run(self) -> None:
        while True:
            try:
                self._play()
            except LoginRefused as error:
                # The link has given up for good; the credentials may still be in the making.
                logger.info("the story waits: %s", error)
            except Exception:
                logger.exception("the story begins again")
            finally:
                _close(self._buses)
            if self._stopping.wait(AGAIN_SECONDS):
                return
            self._buses = self._build()

    def _play(self) -> None:
        for bus in self._buses:
            bus.start()
        *_, asking = self._buses
        published = 0
        # Waiting comes first: what is published before anybody has a queue is nobody's.
        while not self._stopping.wait(self._pace * random.uniform(0.7, 1.3)):
            journal = JOURNALS[published % len(JOURNALS)]
            request = submission.export_requested(journal, str(64_567 + published))
            try:
                asking.publish(request, timeout=PUBLISH_SECONDS)
            except LoginRefused:
                raise
            except BusError as error:
                logger.info("a request was not published: %s", error)
            else:
                published += 1


def start(url: str, *, pace_seconds: float = 2.0) -> Story:
    """Play the story at this broker, with a request about every `pace_seconds`; returns at once.

    Raises `InvalidURL` (a `BusError`). Anything else it survives.
    """
    return Story(url, pace_seconds=pace_seconds)


def _close(buses: Iterable[EventBus]) -> None:
    """Close them together: each may take its time when the broker is away."""
    closing = [
        threading.Thread(target=bus.close, kwargs={"grace": GRACE_SECONDS}, daemon=True)
        for bus in buses
    ]
    for one in closing:
        one.start()
    deadline = time.monotonic() + STOP_SECONDS - PUBLISH_SECONDS
    for one in closing:
        one.join(max(0.0, deadline - time.monotonic()))
