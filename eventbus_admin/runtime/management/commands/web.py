"""`manage.py web`: pages and sockets, as a process of its own."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from eventbus_admin.runtime.database import require_migrated
from eventbus_admin.runtime.server import WebServer
from eventbus_admin.runtime.starting import listening_socket, require_company


class Command(BaseCommand):
    """Serve until SIGTERM or SIGINT."""

    help = (
        "Serve pages and live feeds on HOST and PORT, beside `manage.py worker`. Any number may "
        "run behind one address. Ends on SIGTERM or Ctrl-C."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Refuse what cannot work, then serve."""
        # Here, because it sets Django up a second time, logging included.
        from eventbus_admin.asgi import application

        require_company()
        require_migrated()
        with listening_socket() as listening:
            server = WebServer(application, on_started=self._say_open, on_stopping=lambda: None)
            server.run(sockets=[listening])
        self.stdout.write("Stopped.")

    def _say_open(self, _loop: asyncio.AbstractEventLoop) -> None:
        self.stdout.write(f"Serving on {settings.HOST}:{settings.PORT}; stop with Ctrl-C.")
        self.stdout.flush()
