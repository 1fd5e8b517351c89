"""Handles events until SIGTERM, and writes the id of each; those it began go to FILE.begun.

Usage: python -m tests.harness.programs.worker URL SERVICE EVENT_TYPE FILE [SECONDS_PER_EVENT]
"""

import logging
import sys
import time
from pathlib import Path

from bus_core import Event, connect


def main(url: str, service: str, event_type: str, file: str, seconds: str = "0") -> None:
    """Consume until SIGTERM."""
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    bus = connect(url, service=service)
    with Path(file).open("a", buffering=1) as log, Path(f"{file}.begun").open("a", 1) as begun:

        @bus.subscribe(event_type)
        def handle(event: Event) -> None:
            begun.write(event.id + "\n")
            time.sleep(float(seconds))
            log.write(event.id + "\n")

        print("running", flush=True)
        bus.run()
    print("ended", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
