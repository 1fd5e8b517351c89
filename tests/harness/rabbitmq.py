"""A private RabbitMQ node, run from a Debian package without any system service."""

import contextlib
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pika
import requests

from tests.harness import leftovers
from tests.harness.installations import BIN, INSTALLED, Installation
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK
from tests.harness.process import ManagedProcess
from tests.harness.rabbitmq_files import PLUGINS, NodePorts, environment, write_files
from tests.harness.vhosts import Vhost, create_vhost


class RabbitNode:
    """One broker with its own data, ports, cookie and port mapper, on loopback only.

    ``start`` and ``stop`` frame its life; in between it can be killed or shut down and started
    again on the same data and ports. ``config`` adds lines to rabbitmq.conf; ``plugins`` are
    enabled, others can be later on if they are among the usual ones. Nodes that are to form a
    cluster have the same ``cookie`` and one port mapper, which one of them starts.
    """

    def __init__(
        self,
        config: Mapping[str, str] | None = None,
        *,
        ports: NodePorts | None = None,
        installation: Installation = INSTALLED,
        cookie: str = "",
        starts_port_mapper: bool = True,
        plugins: Sequence[str] = PLUGINS,
    ) -> None:
        self._config = dict(config or {})
        self._installation = installation
        self._cookie = cookie or secrets.token_hex(16)
        self._starts_port_mapper = starts_port_mapper
        self._plugins = tuple(plugins)
        self.ports = ports or NodePorts()
        self.folder: Path | None = None
        self._server: ManagedProcess | None = None
        self._port_mapper: ManagedProcess | None = None
        self._version = ""

    # --- where it is

    @property
    def amqp_url(self) -> str:
        """The default vhost."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.ports.amqp}/%2F"

    @property
    def management_url(self) -> str:
        """The management HTTP API's server, with login, without ``/api``."""
        return f"http://guest:guest@{LOOPBACK}:{self.ports.management}"

    @property
    def version(self) -> str:
        """What the broker called itself when it was last ready, such as 3.10.8."""
        return self._version

    @property
    def pid(self) -> int:
        """The process id of the Erlang machine."""
        return self._running_server().pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended since."""
        return self._server is not None and self._server.running

    # --- life

    def start(self, *, timeout: float = 90.0) -> Self:
        """Start it, on its data if it ran before, and wait until it is of use."""
        try:
            self.launch()
            self.wait_ready(timeout=timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start it without waiting."""
        self._installation.check()
        if self._server is not None:
            raise RuntimeError("the node is running already")
        if self.folder is None:
            self.folder = leftovers.temporary_folder(
                "bus-rabbitmq-", self._installation.folder_for_data
            )
            write_files(
                self.folder,
                self.ports,
                self._config,
                self._cookie,
                self._installation,
                self._plugins,
            )
        if self._starts_port_mapper and self._port_mapper is None:
            # A child of ours. The one that Erlang would start itself outlives every node.
            self._port_mapper = self._spawn("epmd")
        self._server = self._spawn(BIN / "rabbitmq-server", "-noinput")

    def wait_ready(self, *, timeout: float = 90.0) -> None:
        """Wait until it lets clients in and the management API answers."""
        wait_until(
            self._ready,
            timeout=timeout,
            message=lambda: f"RabbitMQ is not ready; its log:\n{self.log_tail()}",
            ignoring=(OSError, requests.RequestException, pika.exceptions.AMQPError),
        )

    def check_running(self) -> None:
        """Raise, with the end of its log, if it has died."""
        self._running_server().check_running()

    def wait(self) -> int:
        """Wait, for ever if need be, until it ends by itself."""
        return self._running_server().wait(timeout=None)

    def kill(self) -> None:
        """``kill -9``; its data stays."""
        server = self._running_server()
        server.kill()
        server.close()
        self._server = None

    def shut_down(self, *, timeout: float = 60.0) -> None:
        """End it in good order; its data stays."""
        server = self._running_server()
        server.terminate(timeout=timeout)
        server.close()
        self._server = None

    def restart(self) -> None:
        """End it in good order and start it on the same data and ports."""
        self.shut_down()
        self.start()

    def stop(self) -> None:
        """End it and leave nothing behind: no process, no folder."""
        if self._server is not None:
            # There is nothing to save: its data goes too, and a good end takes six seconds.
            self._server.kill()
            self._server.close()
            self._server = None
        if self._port_mapper is not None:
            self._port_mapper.close()
            self._port_mapper = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            leftovers.forget_folder(self.folder)
            self.folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # --- what tests do with it

    @contextlib.contextmanager
    def vhost(self, *, default_queue_type: str = "") -> Iterator[Vhost]:
        """A new vhost that is deleted afterwards with all that is in it."""
        vhost = create_vhost(self, default_queue_type)
        try:
            yield vhost
        finally:
            # A test may have killed the node; its vhost then ends with the node's folder.
            if self.running:
                vhost.delete()

    @contextlib.contextmanager
    def memory_alarm(self) -> Iterator[None]:
        """The broker blocks everybody who publishes."""
        self.raise_memory_alarm()
        try:
            yield
        finally:
            self.clear_memory_alarm()

    def raise_memory_alarm(self) -> None:
        """Block everybody who publishes; returns when the alarm is in force."""
        self.rabbitmqctl("set_vm_memory_high_watermark", "0")
        wait_until(self._alarmed, message="no memory alarm")

    def clear_memory_alarm(self) -> None:
        """Let publishers go on; returns when the alarm is off."""
        self.rabbitmqctl("set_vm_memory_high_watermark", "0.4")
        wait_until(lambda: not self._alarmed(), message="the memory alarm stays on")

    def flush(self) -> None:
        """Have the broker write its list of quorum queues to disk now.

        It does so by itself only a second or more after a declaration. A queue declared right
        before ``kill -9`` comes back on 3.10 without its messages, without a leader, and answers
        nobody: flush first, unless that is what the test is about.
        """
        self.rabbitmqctl("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")

    def rabbitmqctl(self, *args: str, timeout: float = 60.0) -> str:
        """Run ``rabbitmqctl`` against this node and return what it prints."""
        return self.tool("rabbitmqctl", *args, timeout=timeout)

    def tool(self, name: str, *args: str, timeout: float = 60.0) -> str:
        """Run one of RabbitMQ's command line tools against this node; return what it prints."""
        done = subprocess.run(
            self._installation.command(BIN / name, "--quiet", *args),
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".strip()
            raise RuntimeError(f"{name} {' '.join(args)}: code {done.returncode}\n{said}")
        return done.stdout

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask the management API; raise on an error, return the parsed answer if there is one."""
        url = f"{self.management_url}/api/{path}"
        answer = requests.request(method, url, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        return self._server.output_tail() if self._server is not None else "(not running)"

    # --- inside

    @property
    def _environment(self) -> dict[str, str]:
        if self.folder is None:
            raise RuntimeError("the node was never started")
        return environment(self._installation.inside(self.folder), self.ports)

    def _spawn(self, program: str | Path, *args: str) -> ManagedProcess:
        assert self.folder is not None
        command = self._installation.command(program, *args)
        log = self.folder / f"{Path(program).name}.log"
        env = self._environment
        return ManagedProcess(command, env=env, inherit_env=False, cwd=self.folder, log=log)

    def _running_server(self) -> ManagedProcess:
        if self._server is None:
            raise RuntimeError("the node is not running")
        return self._server

    def _ready(self) -> bool:
        self.check_running()
        return self._greets() and self._lets_us_in()

    def _alarmed(self) -> bool:
        url = f"{self.management_url}/api/health/checks/alarms"
        return requests.get(url, timeout=30).status_code == 503

    def _greets(self) -> bool:
        """Ask for the protocol's first frame, so that pika need not log a refused connection."""
        with socket.create_connection((LOOPBACK, self.ports.amqp), timeout=2) as probe:
            probe.settimeout(5)
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            return probe.recv(1) == b"\x01"

    def _lets_us_in(self) -> bool:
        self._version = str(self.api("GET", "overview")["rabbitmq_version"])
        pika.BlockingConnection(pika.URLParameters(self.amqp_url)).close()
        return True
