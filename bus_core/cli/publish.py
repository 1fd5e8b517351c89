"""`bus-core publish`: one event, or one for each line of a file."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from bus_core.bus import PUBLISH_SECONDS, EventBus
from bus_core.cli.options import Failed, UsageError, add_command, add_url, seconds, url
from bus_core.cli.terminal import count
from bus_core.connecting import connect
from bus_core.errors import BusError
from bus_core.event import Event

LINES_AT_ONCE = 1_000


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "publish",
        run,
        brief="publish an event",
        description="Publish an event, and print its id once the broker has it. Every service that "
        "listens to its type gets it; when none does, nobody is told.",
        example='  bus-core publish exportRequested \'{"journal": "elife"}\' --url amqp://…\n'
        "  bus-core publish exportRequested --lines requests.jsonl",
    )
    parser.add_argument("type", metavar="TYPE", help="the event type, as exportRequested")
    parser.add_argument("payload", nargs="?", help="JSON; - reads standard input; otherwise null")
    parser.add_argument(
        "--lines",
        metavar="FILE",
        help="publish an event for each line, which is its payload in JSON; - is standard input",
    )
    parser.add_argument(
        "--service", default="bus-core-cli", help="who publishes it (default: %(default)s)"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=PUBLISH_SECONDS,
        metavar="SECONDS",
        help="how long the broker may take (default: %(default)g)",
    )
    add_url(parser)


def run(options: argparse.Namespace) -> int:
    """Publish."""
    if options.lines and options.payload:
        raise UsageError("give a payload or --lines, not both")
    with connect(url(options), service=options.service) as bus:
        if options.lines:
            return _publish_lines(bus, options)
        text = sys.stdin.read() if options.payload == "-" else options.payload or "null"
        event = Event(options.type, _json(text, "the payload"))
        try:
            bus.publish(event, timeout=options.timeout)
        except BusError as error:
            raise Failed(f"{error} (waited {options.timeout:g} s at most)") from error
    print(event.id)
    return 0


def _publish_lines(bus: EventBus, options: argparse.Namespace) -> int:
    published = 0
    with ExitStack() as stack:
        try:
            file = (
                sys.stdin
                if options.lines == "-"
                else stack.enter_context(Path(options.lines).open(encoding="utf-8"))
            )
            events = _events(options.type, file)
            while chunk := list(islice(events, LINES_AT_ONCE)):
                bus.publish_many(chunk, timeout=options.timeout)
                published += len(chunk)
        except OSError as error:
            raise UsageError(f"{options.lines} cannot be read: {error.strerror}") from error
        except (BusError, UsageError, UnicodeDecodeError) as error:
            raise Failed(
                f"{error}; {count(published, 'event')} before that went out, and up to "
                f"{LINES_AT_ONCE:,} more may have"
            ) from error
    print(f"published {count(published, 'event')}")
    return 0


def _events(event_type: str, lines: Iterable[str]) -> Iterator[Event]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield Event(event_type, _json(line, f"line {number}"))


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{what} is not JSON ({error}): {text[:60]!r}") from error
