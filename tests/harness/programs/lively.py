"""The product on its embedded broker, with strangers on it: services that nobody registered."""

import os
import sys
import threading

from django.apps import apps
from django.core.management import execute_from_command_line

from bus_core import connect
from tests.harness.poll import wait_until

# Who comes and goes, and what they listened to; their queues go on collecting.
STRANGERS = {"warehouse": ("exportSuccessful",), "old-mailer": ("exportRequested", "journalJoined")}
BUS = "memory://eventbus"


def main() -> int:
    """Serve until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventbus_admin.settings")
    threading.Thread(target=_visit, name="strangers", daemon=True).start()
    execute_from_command_line(["manage.py", "serve"])
    return 0


def _visit() -> None:
    wait_until(_is_registered, timeout=60, ignoring=Exception)
    for name, event_types in STRANGERS.items():
        with connect(BUS, service=name) as bus:
            for event_type in event_types:
                bus.subscribe(event_type)(lambda _event: None)
            bus.start(wait=20)


def _is_registered() -> bool:
    """Whether the registry is filled: before, there is nothing that strangers could listen to."""
    if not apps.ready:
        return False
    return apps.get_model("registry", "Subscription").objects.exists()


if __name__ == "__main__":
    sys.exit(main())
