"""crossref-exporter: deposits an article's DOI at Crossref."""

import argparse
import logging
import time

from bus_core import Event, EventBus, Reject, connect
from examples.libero.broker import HELP, broker_url

logger = logging.getLogger(__name__)

WORK_SECONDS = 0.05


def build(url: str) -> EventBus:
    """Return the service's bus, ready to run."""
    bus = connect(url, service="crossref-exporter")

    @bus.subscribe("beginCrossrefExport")
    def deposit(event: Event) -> None:
        article = dict(event.payload)
        doi = article.pop("doi", "")
        if not doi.startswith("10."):
            raise Reject(f"not a DOI: {doi!r}")
        time.sleep(WORK_SECONDS)  # stands for the request to Crossref
        bus.publish(Event("exportSuccessful", {**article, "export": "crossref"}))
        logger.info("deposited %s", doi)

    return bus


def main() -> None:
    """Deposit until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url", nargs="?", default=broker_url(), help=HELP)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s crossref-exporter: %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # bus_core says the same, in words
    build(options.url).run()


if __name__ == "__main__":
    main()
