"""How a worker is, as JSON and as one word: over HTTP for an orchestrator or a monitor.

A worker is well when its connection stands and every subscription that is to be consumed is.
"""

import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from bus_core.broker_bus import BrokerBus
from bus_core.bus import EventBus
from bus_core.cli.options import Failed
from bus_core.link import LinkState

PATH = "/healthz"
REQUEST_SECONDS = 5.0
# While the broker is short of memory it refuses to take events, and goes on delivering them.
_WELL = {LinkState.OPEN.value, LinkState.BLOCKED.value}


@dataclass(frozen=True, kw_only=True)
class ProcessHealth:
    """How one process is."""

    pid: int
    service: str = ""
    link: str = "unknown"
    """The state of its connection, see `bus_core.link.LinkState`."""
    subscriptions: dict[str, str] = field(default_factory=dict)
    """By event type: `consuming`, `waiting`, `paused` or `retired`."""
    ending: bool = False

    @property
    def complaints(self) -> list[str]:
        """What is not well, in sentences."""
        found = []
        if self.ending:
            found.append(f"process {self.pid} is ending")
        if self.link not in _WELL:
            found.append(f"process {self.pid}: the connection to the broker is {self.link}")
        found += [
            f"process {self.pid} does not consume {event_type} yet"
            for event_type, condition in self.subscriptions.items()
            if condition == "waiting"
        ]
        return found


@dataclass(frozen=True, kw_only=True)
class WorkerHealth:
    """How the whole worker is."""

    wanted: int
    """How many processes there are to be."""
    processes: Sequence[ProcessHealth]
    complaints: Sequence[str] = ()
    """What is not well beside what the processes say."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON; `status` is `ok` or `not ok`."""
        because = [*self.complaints, *(said for one in self.processes for said in one.complaints)]
        return {
            "status": "not ok" if because else "ok",
            "because": because,
            "processes": {"wanted": self.wanted, "alive": len(self.processes)},
            "workers": [asdict(one) for one in self.processes],
        }


def look(bus: EventBus, *, ending: bool) -> ProcessHealth:
    """Return how this process is, whose bus this is."""
    if not isinstance(bus, BrokerBus):
        # Of another implementation only its running is known.
        return ProcessHealth(
            pid=os.getpid(), service=bus.service, link=LinkState.OPEN.value, ending=ending
        )
    return ProcessHealth(
        pid=os.getpid(),
        service=bus.service,
        link=bus.link.state.value,
        subscriptions=bus.conditions(),
        ending=ending,
    )


Ask = Callable[[], WorkerHealth]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve(host: str, port: int, ask: Ask) -> str:
    """Answer on this address, on a thread, until the process ends; return the URL.

    Raises `Failed` when the address cannot be used.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            document: dict[str, Any] = {"status": f"there is only {PATH} here"}
            status = 404
            if self.path.partition("?")[0] == PATH:
                document = ask().document()
                status = 200 if document["status"] == "ok" else 503
            body = json.dumps(document, indent=2).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: it is asked every few seconds."""

    class Server(_Server):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def handle_error(self, *_arguments: object) -> None:
            """Whoever asked has left."""

    try:
        server = Server((host, port), Handler)
    except OSError as error:
        raise Failed(f"health cannot be served on {host} port {port}: {error.strerror}") from error
    threading.Thread(target=server.serve_forever, name="bus-health", daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{server.server_address[1]}{PATH}"
