"""A service for `bus-core worker tests.harness.programs.service:build --url URL`.

It listens to `shiftEvent`, and writes "pid payload" for each event into the file $BOOK: "began"
before it and "done" after it. An event whose payload is "hold" is held until the file $GATE exists.
"""

import os
import time
from pathlib import Path

from bus_core import Event, EventBus, RetryPolicy, connect

SERVICE = "shift"
EVENT_TYPE = "shiftEvent"


def build(url: str) -> EventBus:
    """Return the bus, ready to run."""
    bus = connect(url, service=SERVICE)
    book, gate = Path(os.environ["BOOK"]), Path(os.environ["GATE"])

    def write(what: str, event: Event) -> None:
        with book.open("a") as file:
            file.write(f"{what} {os.getpid()} {event.payload}\n")

    @bus.subscribe(EVENT_TYPE, concurrency=2, retry=RetryPolicy(attempts=4, delays_ms=(1000,)))
    def handle(event: Event) -> None:
        write("began", event)
        while event.payload == "hold" and not gate.exists():
            time.sleep(0.02)
        write("done", event)

    return bus
