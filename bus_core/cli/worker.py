"""`bus-core worker`: run a service's handlers, in one process or in several."""

import argparse
import importlib
import os
import sys
from urllib.parse import unquote, urlsplit

from bus_core.broker_bus import BrokerBus
from bus_core.bus import GRACE_SECONDS, EventBus, SubscriptionSpec
from bus_core.cli import health
from bus_core.cli.health import WorkerHealth
from bus_core.cli.line import ProcessEnd
from bus_core.cli.options import (
    EXPECTED,
    UsageError,
    add_command,
    add_url,
    exit_code,
    seconds,
    url,
    whole,
)
from bus_core.cli.running import Happening, Running
from bus_core.cli.supervisor import Supervisor
from bus_core.cli.terminal import count, duration

LOOPBACK = "127.0.0.1"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "worker",
        run,
        brief="run a service's handlers until SIGTERM or Ctrl-C",
        description="Run the handlers of a bus until SIGTERM or Ctrl-C. The first signal finishes "
        "what is held, the second one ends at once; what was held then goes back to the broker.",
        example="  bus-core worker my_service:bus --processes 4 --health-port 8081",
    )
    parser.add_argument(
        "bus",
        metavar="MODULE:NAME",
        help="where the bus is, as package.module:bus; or a function that returns it for a URL",
    )
    parser.add_argument(
        "--processes",
        type=whole(1, 256),
        default=1,
        metavar="N",
        help="run so many, and start again those that crash (default: %(default)s)",
    )
    parser.add_argument(
        "--grace",
        type=seconds,
        default=GRACE_SECONDS,
        metavar="SECONDS",
        help="how long handlers may take to finish at the end (default: %(default)g)",
    )
    parser.add_argument(
        "--health-port",
        type=whole(0, 65_535),
        metavar="PORT",
        help=f"answer http://HOST:PORT{health.PATH}: 200 when all is well, 503 when not, and JSON "
        "that says why; 0 picks a port",
    )
    parser.add_argument(
        "--health-host", default=LOOPBACK, metavar="HOST", help="(default: %(default)s)"
    )
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--silent", action="store_true", help=argparse.SUPPRESS)
    add_url(parser)


def run(options: argparse.Namespace) -> int:
    """Run one process, or be the supervisor of several."""
    if options.child is not None:
        return _run_as_child(options)
    if options.processes > 1:
        return _run_several(options)
    bus = _load(options)
    running = Running(bus, grace=options.grace)
    _announce(bus)
    _serve_health(
        options,
        lambda: WorkerHealth(wanted=1, processes=[health.look(bus, ending=running.ending)]),
    )
    return running.until_ended()


def _run_several(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "bus_core.cli", *(("-v",) if options.verbose else ())]
    command += ["worker", str(options.bus), "--grace", str(options.grace)]
    command += ["--url", options.url] if options.url else []
    supervisor = Supervisor(command, options.processes, grace=options.grace)
    print(f"Starting {options.processes} processes of {options.bus}.", flush=True)
    _serve_health(options, supervisor.health)
    return supervisor.until_ended()


def _run_as_child(options: argparse.Namespace) -> int:
    line = ProcessEnd(options.child)
    try:
        bus = _load(options)
        running = Running(bus, grace=options.grace, supervised=True)
        line.follow(
            on_now=lambda: running.happenings.put(Happening.NOW),
            on_gone=lambda: running.happenings.put(Happening.STOP),
        )
        line.report(lambda: health.look(bus, ending=running.ending))
        if not options.silent:
            _announce(bus)
        return running.until_ended()
    except EXPECTED as error:
        code = exit_code(error)
        line.give_up(str(error), code)
        return code


# -- the bus --


def _load(options: argparse.Namespace) -> EventBus:
    place = str(options.bus)
    module_name, _, name = place.partition(":")
    if not module_name or not name:
        raise UsageError(f"{place!r} is not a place: write package.module:bus")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m` does
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise  # the module itself is broken: its author wants the traceback
        raise UsageError(f"there is no module {module_name!r} here ({error})") from error
    bus = getattr(module, name, None)
    if callable(bus):
        bus = bus(url(options))
    if not isinstance(bus, EventBus):
        raise UsageError(f"{module_name} has no event bus named {name!r}")
    if not bus.subscriptions:
        raise UsageError(f"{place} has no handlers: register them with @bus.subscribe(…)")
    return bus


def _announce(bus: EventBus) -> None:
    print(f"{bus.service} consumes from {_where(bus)}, as its code says:")
    for spec in bus.subscriptions:
        print(f"  {spec.event_type}: {_terms(spec)}")
    print("What the registry says goes before that. SIGTERM or Ctrl-C ends it.", flush=True)


def _terms(spec: SubscriptionSpec) -> str:
    steps = ", ".join(duration(step) for step in spec.retry.delays_ms)
    retries = f"{count(spec.retry.attempts, 'attempt')}, again after {steps}"
    kind = "" if spec.kind == "quorum" else f"{spec.kind}, "
    threads = count(spec.concurrency, "thread")
    return f"{kind}{threads}, prefetch {spec.prefetch}, {retries}"


def _where(bus: EventBus) -> str:
    """Return where the broker is, without a password."""
    if not isinstance(bus, BrokerBus):
        return type(bus).__name__
    found = str(getattr(bus.link, "url", ""))
    if not found:
        return "an embedded broker of this process"
    places = []
    for one in found.split(","):
        parts = urlsplit(one.strip())
        vhost = unquote(parts.path.removeprefix("/")) or "/"
        port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
        places.append(f"{parts.hostname or 'localhost'}:{port} (virtual host {vhost})")
    return " or ".join(places)


def _serve_health(options: argparse.Namespace, ask: health.Ask) -> None:
    if options.health_port is not None:
        place = health.serve(options.health_host, options.health_port, ask)
        print(f"Health: {place}", flush=True)
