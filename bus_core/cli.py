"""The `bus-core` command: run a service's worker, publish an event, watch events go by."""

import argparse
import importlib
import json
import logging
import os
import queue
import sys
import uuid
from collections.abc import Sequence

from bus_core.bus import EventBus
from bus_core.connecting import connect, open_link
from bus_core.envelope import decode, rfc3339
from bus_core.errors import BusError, UndecodableMessage
from bus_core.event import Event
from bus_core.link import ConsumeOptions
from bus_core.message import Delivery
from bus_core.topology import (
    Binding,
    Topology,
    event_exchange,
    event_type_topology,
    merge,
    tail_queue,
)

URL_VARIABLE = "EVENTBUS_AMQP_URL"
TAIL_BUFFER = 10_000


class UsageError(Exception):
    """The command was given something that it cannot use; the message says what to change."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    try:
        code: int = options.run(options)
    except UsageError as error:
        print(f"bus-core: {error}", file=sys.stderr)
        return 2
    except BusError as error:
        print(f"bus-core: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bus-core", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="say what happens")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    worker = commands.add_parser("worker", help="run a service's handlers until SIGTERM")
    worker.add_argument(
        "bus", metavar="MODULE:NAME", help="where the bus is, as package.module:bus"
    )
    worker.set_defaults(run=_worker)

    publish = commands.add_parser("publish", help="publish one event")
    publish.add_argument("type", help="the event type, as exportRequested")
    publish.add_argument("payload", nargs="?", default="null", help="JSON; - reads standard input")
    publish.add_argument("--service", default="bus-core-cli", help="who publishes it")
    publish.add_argument("--timeout", type=float, default=30.0, help="seconds")
    _add_url(publish)
    publish.set_defaults(run=_publish)

    tail = commands.add_parser("tail", help="show events as they are published; consumes nobody's")
    tail.add_argument("types", nargs="+", metavar="TYPE", help="event types to watch")
    tail.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_url(tail)
    tail.set_defaults(run=_tail)
    return parser


def _add_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help=f"amqp://user:password@host/vhost; otherwise ${URL_VARIABLE}")


def _url(options: argparse.Namespace) -> str:
    url = options.url or os.environ.get(URL_VARIABLE)
    if not url:
        raise UsageError(f"give --url amqp://user:password@host/vhost, or set {URL_VARIABLE}")
    return str(url)


# -- worker --


def _worker(options: argparse.Namespace) -> int:
    bus = _load(options)
    if not bus.subscriptions:
        raise UsageError(f"{options.bus} has no handlers: register them with @bus.subscribe(…)")
    for one in bus.subscriptions:
        threads = f"{one.concurrency} thread" + ("s" if one.concurrency > 1 else "")
        print(f"{bus.service} consumes {one.event_type} ({threads}, prefetch {one.prefetch})")
    print("SIGTERM or Ctrl-C finishes what is held, then ends.", flush=True)
    bus.run()
    return 0


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
        bus = bus(_url(options))
    if not isinstance(bus, EventBus):
        raise UsageError(f"{module_name} has no event bus named {name!r}")
    return bus


# -- publish --


def _publish(options: argparse.Namespace) -> int:
    text = sys.stdin.read() if options.payload == "-" else options.payload
    try:
        payload = json.loads(text)
    except ValueError as error:
        raise UsageError(f"the payload is not JSON ({error}): {text[:60]!r}") from error
    with connect(_url(options), service=options.service) as bus:
        event = Event(options.type, payload)
        bus.publish(event, timeout=options.timeout)
    print(event.id)
    return 0


# -- tail --


def _tail(options: argparse.Namespace) -> int:
    own = tail_queue(uuid.uuid4().hex)
    topology = merge(
        (
            merge(event_type_topology(event_type) for event_type in options.types),
            Topology(
                queues=(own,),
                bindings=tuple(
                    Binding(source=event_exchange(event_type), queue=own.name)
                    for event_type in options.types
                ),
            ),
        )
    )
    seen: queue.Queue[Delivery] = queue.Queue(maxsize=TAIL_BUFFER)

    def show_later(delivery: Delivery) -> None:
        if not seen.full():
            seen.put_nowait(delivery)

    link = open_link(_url(options), client_name="bus-core tail")
    try:
        link.consume(ConsumeOptions(queue=own.name, topology=topology, auto_ack=True), show_later)
        print(f"Watching {', '.join(options.types)}; Ctrl-C ends.", file=sys.stderr, flush=True)
        while link.error is None:
            try:
                _show(seen.get(timeout=0.5), as_json=options.json)
            except queue.Empty:
                continue
        raise link.error
    finally:
        link.close()


def _show(delivery: Delivery, *, as_json: bool) -> None:
    try:
        event = decode(delivery.message).event
    except UndecodableMessage as error:
        print(f"? {delivery.exchange}: {error}", flush=True)
        return
    if as_json:
        fields = {
            "id": event.id,
            "type": event.type,
            "created": rfc3339(event.created),
            "source": delivery.message.app_id,
            "correlation_id": event.correlation_id,
            "causation_id": event.causation_id,
            "payload": event.payload,
        }
        print(json.dumps(fields, ensure_ascii=False), flush=True)
        return
    source = delivery.message.app_id or "?"
    payload = json.dumps(event.payload, ensure_ascii=False)
    print(f"{rfc3339(event.created)}  {event.type}  from {source}  {payload}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
