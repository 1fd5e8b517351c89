"""`docs/performance.md`: a run and how to read it."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.crowd import CROWD, FIRST
from benchmarks.job import LATENCY_EVENTS_PER_SECOND, PREFETCH, ready_body

FILE = Path(__file__).parent.parent / "docs" / "performance.md"

TEXT = """\
# Performance

Written by `{command}` on {date}; do not edit it by hand. `make bench` measures the same on your
machine, on a private RabbitMQ node, and `make bench ARGS=--write` writes this page.

- Machine: {machine}. Load when it began: {load}.
- Versions: {versions}.
- {rounds}.

{table}

## How to read it

- **The ratios travel, the numbers do not.** Broker and contestant share the machine.
- **Rounds.** In each round every contestant runs once, in a process of its own, on a queue made
  anew; each round begins with another one. A median is over the rounds. `ours ÷ it` is the median
  of the ratios within each round, so it may differ a little from that of the two medians.
- **To reach** is the bound that this ratio is held to, or for memory the figure itself; ✓ and ✗ say
  how it went. An *aim* is a wish. Of events a second more is better, of times and memory less.
- **CPU µs** is the contestant's processor time for an event. It suffers less from a busy machine
  than the rest.
- Everything is persistent, confirmed and acknowledged, through a fanout exchange to a quorum queue
  as the library declares it. After each run the queue is counted: what was confirmed must be there,
  and nothing may be left of what was acknowledged.

What the contestants do:

- **publish, confirmed.** `bus_core` is one `publish_many`; the ids, envelopes and properties of the
  events are made meanwhile. All others send a ready body of the same {body} bytes. The *broker's
  ceiling* writes frames that were encoded beforehand to a bare socket, 2000 in flight. *pika, by
  hand* is a loop on pika's asynchronous connection, 1000 in flight. aio-pika and FastStream gather
  batches, of the size that is quickest for them; FastStream's types are not checked and nothing is
  logged. kombu and pika's blocking connection wait for each confirm: they can do no better.
- **publish from 16 threads.** All call `publish` on one bus; pika's threads have a connection each.
- **publish one event.** One thread, one event after the other.
- **consume, acknowledge.** A queue full of the library's events, {prefetch} prefetched, from the
  first to the last that is handled. `bus_core` decodes, calls an empty handler on a worker thread,
  settles and reports. FastStream decodes too, the others do not; all acknowledge one by one.
- **publish to handler.** {latency} events a second through one process. pika does everything in one
  thread, `bus_core` in three: the publisher's, the connection's and the handler's.
- **memory.** One process publishes and handles a tenth of the events to warm up, then all of them:
  by how much its resident memory grows meanwhile, and its peak.
- **startup.** `bus_core` imports pika only when it connects, so look at both together.
- **apply {first} subscriptions.** The admin's reconciler looks at an empty broker, plans, makes all
  exchanges, quorum queues and bindings, looks again and stores what is there in a registry on
  SQLite. By hand it is one import of the same definitions, and nobody looks.
- **one more subscription.** The calls of the management API when a service that is there subscribes
  to a type that is there, until it is seen to be so.
- **compare {crowd:,} subscriptions.** The reconciler reads broker and registry and finds nothing to
  do. By hand the same lists are read one after the other, parsed and forgotten.

How long the admin's lists take at 5,000 subscriptions beside 50 is measured apart, for it needs no
broker: `make bench ARGS=lists`, and `ARGS="lists --postgres"` on a private PostgreSQL. It prints
for every list of the console and of the REST API the queries, both medians of the server's time,
and their ratio. At most 12 queries and twice the time are the bounds; look while the machine is
quiet.
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where, when and how it was measured, in words."""

    command: str
    date: str
    machine: str
    load: str
    versions: str
    rounds: str


def write(run: Run, table: str) -> Path:
    """Write the page; return where."""
    text = TEXT.format(
        **vars(run),
        table=table,
        body=len(ready_body()),
        prefetch=PREFETCH,
        latency=LATENCY_EVENTS_PER_SECOND,
        first=FIRST,
        crowd=CROWD,
    )
    FILE.write_text(text, encoding="utf-8")
    return FILE
