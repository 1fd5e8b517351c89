"""`Reporter`: tells the admin that this worker lives and what became of events.

Never in the way of handling: receipts wait in a bounded buffer, go out in batches without
confirmation, and are dropped, counted, when the broker is away.
"""

import os
import random
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from bus_core.envelope import rfc3339
from bus_core.link import Link
from bus_core.reports import Announcement, Receipt, encode_announcement, encode_receipts
from bus_core.topology import REPORTS, Topology, bus_topology

ANNOUNCE_SECONDS = 30.0
FLUSH_SECONDS = 0.5
BATCH = 500
BUFFER = 10_000


def _version() -> str:
    try:
        return version("bus-core")
    except PackageNotFoundError:
        return "source"


class Reporter:
    """Announcements and receipts of one bus; `consumed()` gives (active, paused) event types."""

    def __init__(
        self, link: Link, service: str, consumed: Callable[[], tuple[list[str], list[str]]]
    ) -> None:
        self.worker = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.dropped = 0
        self._link = link
        self._service = service
        self._consumed = consumed
        self._receipts: deque[Receipt] = deque()
        self._started = rfc3339(datetime.now(UTC))
        self._wake = threading.Event()
        self._closed = False
        self._announce_at = 0.0
        self._topology = Topology(exchanges=bus_topology().exchanges)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to report."""
        self._thread = threading.Thread(target=self._run, name="bus-reports", daemon=True)
        self._thread.start()

    def receipt(self, receipt: Receipt) -> None:
        """Take note of what became of one delivery."""
        if len(self._receipts) >= BUFFER:
            self.dropped += 1
            return
        self._receipts.append(receipt)

    def announce_soon(self) -> None:
        """Announce at the next occasion: what is consumed has changed."""
        self._announce_at = 0.0
        self._wake.set()

    def close(self) -> None:
        """Send what is left and say goodbye."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self._flush()
            if time.monotonic() >= self._announce_at:
                self._announce(leaving=False)
                self._announce_at = time.monotonic() + ANNOUNCE_SECONDS * random.uniform(0.8, 1.0)
        self._flush()
        self._announce(leaving=True)

    def _flush(self) -> None:
        while self._receipts:
            batch = [self._receipts.popleft() for _ in range(min(BATCH, len(self._receipts)))]
            self._tell_receipts(batch)

    def _tell_receipts(self, batch: list[Receipt]) -> None:
        self._link.tell(REPORTS, encode_receipts(self._service, batch), ensure=self._topology)

    def _announce(self, *, leaving: bool) -> None:
        active, paused = self._consumed()
        announcement = Announcement(
            service=self._service,
            worker=self.worker,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=_version(),
            subscriptions=tuple(active),
            paused=tuple(paused),
            started=self._started,
            leaving=leaving,
        )
        self._link.tell(REPORTS, encode_announcement(announcement), ensure=self._topology)
