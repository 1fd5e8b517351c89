"""Handles events until SIGTERM, and writes the id of each; those it began go to FILE.begun.

An event with the payload "crash" ends the process at once.

Usage: python -m tests.harness.programs.worker URL SERVICE EVENT_TYPE FILE [SECONDS [CONCURRENCY]]
"""

import logging
import os
import sys
import time
from pathlib import Path

from bus_core import Event, connect


def main(
    url: str, service: str, event_type: str, file: str, seconds: str = "0", concurrency: str = "1"
) -> None:
    """Consume until SIGTERM, on so many threads, each event taking so many seconds."""
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    bus = connect(url, service=service)
    with Path(file).open("a", buffering=1) as log, Path(f"{file}.begun").open("a", 1) as begun:

        @bus.subscribe(event_type, concurrency=int(concurrency))
        def handle(event: Event) -> None:
            begun.write(event.id + "\n")
            if event.payload == "crash":
                os._exit(1)
            time.sleep(float(seconds))
            log.write(event.id + "\n")

        print("running", flush=True)
        bus.run()
    print("ended", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
