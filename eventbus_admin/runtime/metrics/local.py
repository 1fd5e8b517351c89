"""What only this process knows; each sample says which one it is."""

import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

from eventbus_admin.feed.sockets import SOCKETS
from eventbus_admin.runtime.metrics.text import Family, counter, gauge
from eventbus_admin.runtime.traffic import TRAFFIC

_STATM = Path("/proc/self/statm")


def families() -> Iterator[Family]:
    """Yield them; asks nobody."""
    me = {"process": f"{socket.gethostname()}:{os.getpid()}"}
    yield gauge("process_up_since_seconds", "When it started, since 1970.", [(me, TRAFFIC.since)])
    yield gauge("process_memory_bytes", "Memory that it holds.", [(me, _memory())])
    yield counter(
        "http_requests_total",
        "Requests that it answered, by class of status.",
        [({**me, "status": status}, number) for status, number in TRAFFIC.answered.items()],
    )
    yield counter(
        "http_request_seconds_total", "How long they took.", [(me, round(TRAFFIC.seconds, 6))]
    )
    yield gauge("feed_sockets", "Pages of the feed that are open.", [(me, SOCKETS.count)])
    yield counter(
        "feed_socket_dropped_total",
        "Events that were not shown on pages too slow for them.",
        [(me, SOCKETS.dropped)],
    )


def _memory() -> int:
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0
