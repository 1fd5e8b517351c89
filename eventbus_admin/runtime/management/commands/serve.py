"""`manage.py serve`: everything in one process, ready to look at."""

import asyncio
import logging
import os
from importlib import import_module
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand

from eventbus_admin.broker.factory import is_mock
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.runtime.database import migrate
from eventbus_admin.runtime.preparing import prepare
from eventbus_admin.runtime.server import WebServer
from eventbus_admin.runtime.starting import listening_socket
from eventbus_admin.runtime.worker import Worker

log = structlog.get_logger(__name__)

WILDCARDS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


class Command(BaseCommand):
    """Serve pages, work behind them, and play the example story."""

    help = (
        "Run everything in one process: pages, worker and, on the embedded broker, the example "
        "services. Prepares an empty database itself. HOST and PORT say where; Ctrl-C ends it."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Prepare, then serve until told to stop."""
        # Here, because it sets Django up a second time, logging included.
        from eventbus_admin.asgi import application

        if "LOG_LEVEL" not in os.environ:
            _be_quiet()
        try:
            self._serve(application)
        except KeyboardInterrupt:  # during the preparations; later the server takes the signal
            self.stdout.write("Stopped.")

    def _serve(self, application: Any) -> None:
        # Before anything is written: a second server finds out at once that it is one.
        listening = listening_socket()
        with listening:
            migrate()
            self._say_broker()
            prepare(self._say)
            parts = Parts(self)
            server = WebServer(application, on_started=parts.start, on_stopping=parts.stop)
            server.run(sockets=[listening])
        self._say("Stopped.")

    def _say_broker(self) -> None:
        if is_mock():
            self._say(
                "Event bus admin on the embedded broker (mock): events last as long as this "
                "process."
            )
        else:
            self._say("Event bus admin on RabbitMQ.")

    def say_open(self) -> None:
        """Say where to look."""
        host = "localhost" if settings.HOST in WILDCARDS else settings.HOST
        shown = f"[{host}]" if ":" in host else host
        self._say(f"Open http://{shown}:{settings.PORT}/ and stop with Ctrl-C.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def say_left(self, names: list[str]) -> None:
        """Say what did not stop in time."""
        self._say(f"Not waiting any longer for: {', '.join(names)}.")


class Parts:
    """What lives beside the pages in the same process."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._worker: Worker | None = None
        self._story: Any = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start them, now that the server's loop takes messages."""
        self._worker = Worker(Broadcaster(loop))
        self._worker.start()
        self._command.say_open()
        if settings.EVENTBUS_EXAMPLES:
            self._story = _start_story()

    def stop(self) -> None:
        """Stop them within a few seconds."""
        if self._story is not None:
            self._story.stop()
        if self._worker is not None and (left := self._worker.stop()):
            self._command.say_left(left)


def _be_quiet() -> None:
    """Leave the terminal to what a person at it needs to know."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("django.request").setLevel(logging.ERROR)
    # The story's services fail now and then on purpose; the pages show it.
    logging.getLogger("bus_core.handling").setLevel(logging.CRITICAL)


def _start_story() -> Any:
    """Start the example services; the rest does not depend on them."""
    try:
        story = import_module("examples.libero.story")
        return story.start(settings.EVENTBUS_BUS_URL)
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("examples"):
            log.exception("serve.examples_failed")
        # Otherwise this installation comes without them.
    except Exception:
        log.exception("serve.examples_failed")
    return None
