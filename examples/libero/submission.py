"""submission: asks for exports, and counts those that succeeded.

It knows neither who exports nor whether anybody does. It says that an export was requested, and
listens to what others say later.
"""

import argparse
import logging
import random
import threading
import time
from collections import Counter, deque

from bus_core import BusError, Event, EventBus, connect
from examples.libero.broker import HELP, broker_url

logger = logging.getLogger(__name__)

REMEMBERED = 10_000


class Successes:
    """Counts successful exports for each journal."""

    def __init__(self) -> None:
        self.by_journal: Counter[str] = Counter()
        self._ids: deque[str] = deque(maxlen=REMEMBERED)

    def add(self, event: Event) -> None:
        """Count an export, once: after a lost connection the same event may come again."""
        if event.id in self._ids:
            return
        self._ids.append(event.id)
        self.by_journal[event.payload["journal"]] += 1
        logger.info(
            "%s of %s %s done; so far %s",
            event.payload["export"],
            event.payload["journal"],
            event.payload["articleId"],
            ", ".join(f"{journal}: {count}" for journal, count in self.by_journal.items()),
        )


def export_requested(journal: str, article_id: str) -> Event:
    """Return the event that asks whoever it concerns to export an article."""
    return Event("exportRequested", {"journal": journal, "articleId": article_id, "version": 1})


def build(url: str, successes: Successes | None = None) -> EventBus:
    """Return the service's bus, ready to run."""
    bus = connect(url, service="submission")
    bus.subscribe("exportSuccessful")((successes or Successes()).add)
    return bus


def main() -> None:
    """Ask for some exports, and count successes until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url", nargs="?", default=broker_url(), help=HELP)
    parser.add_argument("--requests", type=int, default=10, help="how many to publish (10)")
    parser.add_argument("--pace", type=float, default=1.0, help="seconds before each (1)")
    parser.add_argument("--journals", nargs="+", default=["elife", "plant-notes"], metavar="NAME")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s submission: %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # bus_core says the same, in words
    bus = build(options.url)

    def ask() -> None:
        for number in range(1, options.requests + 1):
            # Waiting comes first: what is published before anybody has a queue is nobody's.
            time.sleep(options.pace)
            article_id = str(random.randrange(10_000, 99_999))
            try:
                bus.publish(export_requested(random.choice(options.journals), article_id))
            except BusError as error:
                logger.warning("request %d was not published: %s", number, error)
            else:
                logger.info("published request %d of %d", number, options.requests)

    threading.Thread(target=ask, daemon=True).start()
    bus.run()


if __name__ == "__main__":
    main()
