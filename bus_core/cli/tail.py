"""`bus-core tail`: events as they are published, without consuming anybody's."""

import argparse
import json
import sys
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bus_core.cli.filters import Filter, where
from bus_core.cli.interrupts import Interrupts
from bus_core.cli.options import Failed, UsageError, add_command, add_url, seconds, url, whole
from bus_core.cli.terminal import Style, clean, count, one_line, say
from bus_core.connecting import open_link
from bus_core.envelope import decode, rfc3339
from bus_core.errors import BusError, UndecodableMessage
from bus_core.link import ConsumeOptions, Link, LinkState
from bus_core.message import Delivery
from bus_core.topology import (
    TAP_MAX_MESSAGES,
    Binding,
    Topology,
    event_exchange,
    event_type_topology,
    merge,
    tail_queue,
)

BUFFER_EVENTS = 10_000
BUFFER_BYTES = 64 * 1024 * 1024
METER_SECONDS = 5.0
OVERRUN_SECONDS = 1.0
LOOK_SECONDS = 0.2
LINE_CHARACTERS = 2_000


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "tail",
        run,
        brief="show events as they are published; consumes nobody's",
        description="Show events as they are published, until Ctrl-C. It reads a queue of its own, "
        "which goes with it, so it takes no event from anybody and holds up nobody. When events "
        "come faster than they can be shown, some are dropped; how many is said at the end, and "
        "every few seconds while it goes on.",
        example="  bus-core tail exportRequested exportSuccessful --where payload.journal=elife",
    )
    parser.add_argument("types", nargs="*", metavar="TYPE", help="event types to watch")
    parser.add_argument("--from", dest="source", default="", metavar="SERVICE", help="its events")
    parser.add_argument("--text", default="", help="only events that hold this text, in any case")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="only events whose field holds this, as payload.journal=elife or payload.files.0=a; "
        "may be given again, then all must hold",
    )
    parser.add_argument(
        "--count", type=whole(1, 10**9), metavar="N", help="end after so many were shown"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--full", action="store_true", help="payloads in full, on lines of their own")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long the broker may take at the start (default: %(default)g)",
    )
    add_url(parser)


def run(options: argparse.Namespace) -> int:
    """Watch."""
    if not options.types:
        raise UsageError(
            "name the event types to watch, as `bus-core tail exportRequested`: the broker gives "
            "nobody a list of them over AMQP; the admin's feed shows all"
        )
    chosen = Filter(
        source=options.source, text=options.text, wheres=[where(one) for one in options.where]
    )
    buffer = Buffer()
    link = open_link(url(options), client_name="bus-core tail")
    try:
        with Interrupts() as interrupts:
            own = _watch(link, options, buffer)
            say(f"Watching {', '.join(options.types)}; Ctrl-C ends.")
            shows = _Tail(link, own, buffer, options, chosen, Style(sys.stdout))
            return shows.until_ended(interrupts)
    finally:
        link.close()


def _watch(link: Link, options: argparse.Namespace, buffer: "Buffer") -> str:
    """Fill the buffer from now on; returns the queue when nothing is missed any more."""
    own = tail_queue(uuid.uuid4().hex)
    bindings = tuple(Binding(source=event_exchange(one), queue=own.name) for one in options.types)
    topology = merge(
        (
            *(event_type_topology(event_type) for event_type in options.types),
            Topology(queues=(own,), bindings=bindings),
        )
    )
    answered = threading.Event()
    refused: list[bool] = []

    def on_ready(waiting: int | None) -> None:
        refused[:] = [waiting is None]
        answered.set()

    link.consume(
        ConsumeOptions(queue=own.name, topology=topology, auto_ack=True),
        buffer.put,
        on_ready=on_ready,
        on_lost=buffer.interrupted,
    )
    deadline = time.monotonic() + options.timeout
    while not answered.wait(LOOK_SECONDS):
        if link.error is not None:
            raise link.error
        if time.monotonic() >= deadline:
            raise Failed(
                f"no answer from the broker after {options.timeout:g} s ({link.state.value})"
            )
    if refused[0]:
        raise Failed(
            "the broker refused the queue that this needs: the user must have the right to "
            "configure, write and read tail__*, and to read event__*"
        )
    return own.name


class Buffer:
    """What came and was not shown yet; bounded, and it counts what found no room."""

    def __init__(self) -> None:
        self.dropped = 0
        self.interruptions = 0
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._came = threading.Condition()

    def put(self, delivery: Delivery) -> None:
        """Keep one, if there is room; on the link's thread."""
        with self._came:
            size = len(delivery.message.body)
            if len(self._waiting) >= BUFFER_EVENTS or self._bytes + size > BUFFER_BYTES:
                self.dropped += 1
                return
            self._bytes += size
            self._waiting.append(delivery)
            self._came.notify()

    def take(self) -> Delivery | None:
        """Return the oldest, or `None` when none comes within a moment."""
        with self._came:
            if not self._came.wait_for(lambda: self._waiting, LOOK_SECONDS):
                return None
            delivery = self._waiting.popleft()
            self._bytes -= len(delivery.message.body)
            return delivery

    def interrupted(self) -> None:
        """Note that the connection was lost; the queue went with it."""
        self.interruptions += 1


@dataclass
class _Tail:
    """Shows what the buffer holds, and counts."""

    link: Link
    queue: str
    buffer: Buffer
    options: argparse.Namespace
    filter: Filter
    style: Style
    shown: int = 0
    filtered: int = 0
    overrun: bool = False
    """Whether the broker had to keep so much that it may have dropped some of it."""

    def until_ended(self, interrupts: Interrupts) -> int:
        """Show until there were enough of them or somebody ends it; return the exit code."""
        missing, due = self._missing(), time.monotonic() + METER_SECONDS
        look_at = time.monotonic() + OVERRUN_SECONDS
        try:
            while not interrupts.came and self.shown != self.options.count:
                if self.link.error is not None:
                    raise self.link.error
                if (delivery := self.buffer.take()) is not None:
                    self._meet(delivery)
                now = time.monotonic()
                if now >= look_at:
                    self._look_for_overrun()
                    look_at = now + OVERRUN_SECONDS
                if now >= due and self._missing() != missing:
                    missing, due = self._missing(), now + METER_SECONDS
                    say(self.meter())
        finally:
            say(self.meter())
        return interrupts.exit_code if interrupts.came else 0

    def meter(self) -> str:
        """Return the line that says how many there were."""
        lost = self.buffer.interruptions
        more = "; the broker may have dropped more, uncounted" if self.overrun else ""
        gap = f"; the connection was lost {count(lost, 'time')}, what was published then is missing"
        return (
            f"{self.shown:,} shown, {self.filtered:,} filtered out, {self.buffer.dropped:,} dropped"
            f"{more}{gap if lost else ''}"
        )

    def _missing(self) -> tuple[int, int, bool]:
        return self.buffer.dropped, self.buffer.interruptions, self.overrun

    def _look_for_overrun(self) -> None:
        """See whether events pile up in our queue, where the broker drops without counting."""
        if self.link.state is LinkState.OPEN:
            with suppress(BusError):
                state = self.link.look(self.queue, timeout=OVERRUN_SECONDS)
                self.overrun |= state is not None and state.waiting > TAP_MAX_MESSAGES // 2

    def _meet(self, delivery: Delivery) -> None:
        document = _document(delivery)
        if self.filter.passes(document):
            print(_shown(document, self.options, self.style), flush=True)
            self.shown += 1
        else:
            self.filtered += 1


def _document(delivery: Delivery) -> dict[str, Any]:
    source = delivery.message.app_id
    try:
        event = decode(delivery.message).event
    except UndecodableMessage as error:
        body = delivery.message.body[:LINE_CHARACTERS].decode(errors="replace")
        return {
            "undecodable": str(error),
            "source": source,
            "exchange": delivery.exchange,
            "body": body,
        }
    return {
        "id": event.id,
        "type": event.type,
        "created": rfc3339(event.created),
        "source": source,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "payload": event.payload,
    }


def _shown(document: dict[str, Any], options: argparse.Namespace, style: Style) -> str:
    if options.json:
        return one_line(document)
    if "undecodable" in document:
        said = f"{document['exchange']}: {document['undecodable']}: {document['body']}"
        return f"{style('red', '?')} {clean(said)}"
    head = "  ".join(
        (
            style("dim", document["created"]),
            style("bold", document["type"]),
            f"from {style('cyan', clean(document['source'] or '?'))}",
        )
    )
    if options.full:
        payload = json.dumps(document["payload"], ensure_ascii=False, indent=2)
        return f"{head}  {style('dim', clean(document['id']))}\n{clean(payload)}"
    payload = one_line(document["payload"])
    if len(payload) > LINE_CHARACTERS:
        payload = f"{payload[:LINE_CHARACTERS]}… (--full shows all)"
    return f"{head}  {payload}"
