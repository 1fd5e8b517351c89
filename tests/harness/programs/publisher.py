"""Publishes until SIGTERM, and writes the id of each event whose `publish` returned.

Usage: python -m tests.harness.programs.publisher URL EVENT_TYPE FILE [THREADS]
"""

import logging
import signal
import sys
import threading
from pathlib import Path

from bus_core import BusError, Event, connect


def main(url: str, event_type: str, file: str, threads: str = "1") -> None:
    """Publish on so many threads."""
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    bus = connect(url, service="load-publisher")
    with Path(file).open("w", buffering=1) as log:
        workers = [
            threading.Thread(target=_publish, args=(bus, event_type, log, stop))
            for _ in range(int(threads))
        ]
        for worker in workers:
            worker.start()
        print("publishing", flush=True)
        for worker in workers:
            worker.join()
    bus.close()


def _publish(bus, event_type, log, stop):  # type: ignore[no-untyped-def]
    number = 0
    while not stop.is_set():
        number += 1
        event = Event(event_type, {"number": number})
        try:
            bus.publish(event, timeout=60)
        except BusError as error:
            print(f"not published: {error!r}", flush=True)
        else:
            log.write(event.id + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
