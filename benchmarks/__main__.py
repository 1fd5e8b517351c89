"""Measure the library against its peers and print one table.

A private RabbitMQ node is started for it. `make bench` runs everything; name parts and contestants
to look at those alone.
"""

import argparse
import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks import lists, machine, report
from benchmarks.crowd import crowded
from benchmarks.job import Job
from benchmarks.parts import PARTS, Part, Setting
from benchmarks.rounds import MeasurementError, Results, play
from benchmarks.stage import Stage
from benchmarks.table import markdown, plain, rows
from tests.harness.installations import RabbitMissingError
from tests.harness.rabbitmq import RabbitNode


def main() -> int:
    """Measure what the command line asks for."""
    if sys.argv[1:2] == ["lists"]:  # which needs no broker
        return lists.main(sys.argv[2:])
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    load = machine.load()
    try:
        with _broker(asked) as (url, management_url), Stage(url) as stage:
            versions = machine.versions(stage.broker_version)
            played = _play(asked, stage, management_url)
    except (RabbitMissingError, MeasurementError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    _tell("Done.")
    table = rows(played)
    run = report.Run(
        command=_command(),
        date=f"{datetime.now(UTC):%d %B %Y}",
        machine=machine.machine(),
        load=load,
        versions=versions,
        rounds=f"{asked.rounds} rounds, {asked.seconds:g} s of publishing each",
    )
    print(f"{run.machine}, load {run.load}\n{run.versions}\n{run.rounds}\n\n{plain(table)}")
    if asked.write:
        print(f"\nWritten to {report.write(run, markdown(table)).name}.")
    return 0


def _play(
    asked: argparse.Namespace, stage: Stage, management_url: str
) -> list[tuple[Part, Results]]:
    played = []
    for part in PARTS:
        if asked.parts and part.name not in asked.parts:
            continue
        if part.manages and not management_url:
            _tell(f"{part.name} is left out: it takes --management-url.")
            continue
        events = asked.events or part.events
        job = Job(stage.url, asked.seconds, events, management_url)
        with _scene(part, job):
            played.append((part, play(part, stage, job, asked.rounds, asked.only, _tell)))
    return played


def _scene(part: Part, job: Job) -> contextlib.AbstractContextManager[None]:
    if part.setting is not Setting.CROWDED:
        return contextlib.nullcontext()
    _tell(f"{part.name}: {job.events:,} subscriptions are made, which takes a while")
    return crowded(job.management_url, job.events)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    names = [part.name for part in PARTS]
    contestants = list(dict.fromkeys(name for part in PARTS for name in part.contestants))
    add("parts", nargs="*", metavar="PART", help=f"{', '.join(names)} (default: all)")
    add("--rounds", type=int, default=5, metavar="N", help="default 5; memory is measured once")
    add("--seconds", type=float, default=3.0, metavar="S", help="of publishing, default 3")
    add("--events", type=int, default=0, metavar="N", help="to consume; or subscriptions")
    add("--only", action="append", default=[], choices=contestants, help="may be repeated")
    add("--url", metavar="URL", help="of a broker that runs; the queues used there are removed")
    add("--management-url", default="", metavar="URL", help="of its management API, with a login")
    add("--write", action="store_true", help="write docs/performance.md (of a run of everything)")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(names):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if asked.rounds < 1 or asked.seconds <= 0:
        parser.error("--rounds and --seconds are positive numbers")
    if asked.events and asked.events < 100:
        parser.error("--events: fewer than 100 say nothing")
    if asked.write and (asked.parts or asked.only):
        parser.error("--write is for a run of everything: leave out PART and --only")
    return asked


@contextlib.contextmanager
def _broker(asked: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Return the broker's URL and that of its management API, empty if nobody said."""
    if asked.url:
        yield asked.url, asked.management_url
        return
    with RabbitNode() as node:
        yield node.amqp_url, node.management_url


def _command() -> str:
    """Return how this run was started, without URLs: they may hold passwords."""
    words = list(sys.argv[1:])
    for position, word in enumerate(words):
        option, is_one_word, _ = word.partition("=")
        if option not in {"--url", "--management-url"}:
            continue
        if is_one_word:
            words[position] = f"{option}=…"
        else:
            words[position + 1] = "…"
    return f"python -m benchmarks {' '.join(map(shlex.quote, words))}".strip()


def _tell(what: str) -> None:
    """Say what is going on; on a screen in one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}\r", end="", file=sys.stderr, flush=True)
    else:
        print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
