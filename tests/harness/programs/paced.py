"""Publishes so many events a second until SIGTERM, and writes the id of each that the broker has.

Usage: python -m tests.harness.programs.paced URL EVENT_TYPE FILE [RATE]
"""

import logging
import signal
import sys
import threading
import time
from pathlib import Path

from bus_core import Event, connect

BURSTS = 20
"""A second."""


def main(url: str, event_type: str, file: str, rate: str = "500") -> None:
    """Publish at this rate."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    number, began = 0, time.monotonic()
    with connect(url, service="load-publisher") as bus, Path(file).open("w", buffering=1) as log:
        print("publishing", flush=True)
        while not stop.is_set():
            due = int((time.monotonic() - began) * int(rate))
            events = [Event(event_type, number + more) for more in range(due - number)]
            if events:
                bus.publish_many(events, timeout=60)
                log.writelines(f"{event.id}\n" for event in events)
                number = due
            stop.wait(1 / BURSTS)


if __name__ == "__main__":
    main(*sys.argv[1:])
