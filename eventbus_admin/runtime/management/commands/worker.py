"""`manage.py worker`: what runs behind the pages, as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.runtime.database import require_migrated
from eventbus_admin.runtime.starting import require_company
from eventbus_admin.runtime.worker import Worker, run_until


class Command(BaseCommand):
    """Work until SIGTERM or SIGINT."""

    help = (
        "Bring the broker to what the registry says, keep the journal, and feed the live pages. "
        "Any number may run; one leads. Ends on SIGTERM or Ctrl-C."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Refuse what cannot work, then work."""
        require_company()
        require_migrated()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("The worker runs; stop it with Ctrl-C.")
        left = run_until(stop, Worker(Broadcaster()))
        waited = f" without waiting for {', '.join(left)}" if left else ""
        self.stdout.write(f"Stopped{waited}.")
