"""meca-exporter: writes a MECA archive of a manuscript, and sends it to an archive.

The archives are played: one of them is slow, one of them refuses everything, so that retries and
dead letters can be seen.
"""

import argparse
import logging
import time

from bus_core import Event, EventBus, RetryPolicy, connect
from examples.libero.broker import HELP, broker_url

logger = logging.getLogger(__name__)

WORK_SECONDS = 0.1

# A closed archive is closed for good, as a rule: three attempts, a second apart. What the registry
# says about the subscription goes before this.
RETRY = RetryPolicy(attempts=3, delays_ms=(1000,))


class Archives:
    """Stands for the servers that take manuscripts."""

    def __init__(self) -> None:
        self._woken: set[str] = set()

    def send(self, destination: str, file: str) -> None:
        """Deliver a file; raises an `OSError` as a real upload would."""
        time.sleep(WORK_SECONDS)
        if destination == "closed-archive":
            raise PermissionError(f"closed-archive.example refused {file}: 553 not allowed")
        if destination == "slow-archive" and file not in self._woken:
            self._woken.add(file)
            raise TimeoutError(f"slow-archive.example took no data of {file} for 30 s")
        self._woken.discard(file)


def build(url: str) -> EventBus:
    """Return the service's bus, ready to run."""
    bus = connect(url, service="meca-exporter")
    archives = Archives()

    @bus.subscribe("beginMecaExport", retry=RETRY)
    def export(event: Event) -> None:
        article = dict(event.payload)
        name = f"{article['journal']}-{article['articleId']}-v{article['version']}.meca.zip"
        # Whatever this raises: the event comes back later, and at last becomes a dead letter.
        archives.send(article.pop("destination"), name)
        bus.publish(Event("exportSuccessful", {**article, "export": "meca"}))
        logger.info("sent %s", name)

    return bus


def main() -> None:
    """Export until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url", nargs="?", default=broker_url(), help=HELP)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s meca-exporter: %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # bus_core says the same, in words
    build(options.url).run()


if __name__ == "__main__":
    main()
