"""`python -m benchmarks [PART…]`: play the rounds and print the table."""

import argparse
import contextlib
import sys
from collections.abc import Iterator

from benchmarks.job import Job
from benchmarks.parts import PARTS
from benchmarks.rounds import play
from benchmarks.stage import Stage
from benchmarks.table import plain, rows
from tests.harness.rabbitmq import RabbitNode


def main() -> int:
    """Measure what the command line asks for."""
    asked = _arguments()
    parts = [part for part in PARTS if not asked.parts or part.name in asked.parts]
    with _broker(asked.url) as url, Stage(url) as stage:
        _tell(f"RabbitMQ {stage.broker_version}")
        job = Job(url=url, seconds=asked.seconds, events=asked.events)
        played = [(part, play(part, stage, job, asked.rounds, asked.only, _tell)) for part in parts]
    print(plain(rows(played)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often (default 5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of publishing (default 3)")
    parser.add_argument("--events", type=int, default=30_000, help="to consume (default 30000)")
    parser.add_argument("--only", action="append", default=[], help="a contestant, repeatable")
    parser.add_argument("--url", help="a broker that runs; otherwise a private one is started")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return asked


@contextlib.contextmanager
def _broker(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with RabbitNode() as node:
        yield node.amqp_url


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
