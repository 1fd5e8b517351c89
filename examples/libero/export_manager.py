"""export-manager: knows for each journal which exports begin when one is requested.

What it knows is in `journals.json`: journal → events to publish → what to add to their payloads.
Another kind of export is another event there, and nobody else has to change.
"""

import argparse
import json
import logging
from pathlib import Path

from bus_core import Event, EventBus, Reject, connect
from examples.libero.broker import HELP, broker_url

logger = logging.getLogger(__name__)

JOURNALS = Path(__file__).with_name("journals.json")


def build(url: str, journals: Path = JOURNALS) -> EventBus:
    """Return the service's bus, ready to run."""
    bus = connect(url, service="export-manager")
    exports: dict[str, dict[str, dict[str, str]]] = json.loads(journals.read_text("utf-8"))

    @bus.subscribe("exportRequested")
    def begin_exports(event: Event) -> None:
        article = event.payload
        journal = article["journal"]
        if journal not in exports:
            # Trying again would not help: a person has to decide, so it waits as a dead letter.
            raise Reject(f"no exports are configured for the journal {journal!r} ({journals.name})")
        # Should this fail halfway, it runs again and makes the same events with the same ids.
        bus.publish_many(
            Event(event_type, {**article, **_filled(settings, article)})
            for event_type, settings in exports[journal].items()
        )
        logger.info("%s %s: %s", journal, article["articleId"], ", ".join(exports[journal]))

    return bus


def _filled(settings: dict[str, str], article: dict[str, object]) -> dict[str, str]:
    return {name: value.format_map(article) for name, value in settings.items()}


def main() -> None:
    """Begin exports until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url", nargs="?", default=broker_url(), help=HELP)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s export-manager: %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # bus_core says the same, in words
    build(options.url).run()


if __name__ == "__main__":
    main()
