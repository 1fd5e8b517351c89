"""The command as a whole: its arguments, and what every command has in common."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence

from bus_core.cli import dead, publish, tail, worker
from bus_core.cli.options import EXPECTED, exit_code

INTERRUPTED, NOBODY_READS = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    0: done. 1: failed, standard error says why. 2: wrong usage. 128 and more: ended by a signal.
    """
    _write_whatever_events_hold()
    options = _parser().parse_args(arguments)
    _log(verbose=options.verbose, of_many=getattr(options, "child", None) is not None)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except EXPECTED as error:
        return _say(error, exit_code(error))
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bus-core",
        description="Run a service's workers, publish events, watch them, look after dead letters.",
        epilog="`bus-core COMMAND --help` says more, with an example.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say what happens")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (worker, publish, tail, dead):
        command.add_to(commands)
    return parser


def _log(*, verbose: bool, of_many: bool) -> None:
    who = "[%(process)d] " if of_many else ""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format=f"%(asctime)s %(levelname)s {who}%(message)s")
    # What pika says of a connection, the library says in words.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    logging.getLogger("bus_core.rabbitmq.connection").addFilter(_below_error)


def _below_error(record: logging.LogRecord) -> bool:
    """Leave a refused login to the command, which ends with this very sentence."""
    return record.levelno < logging.ERROR


def _write_whatever_events_hold() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(what: object, code: int) -> int:
    print(f"bus-core: {what}", file=sys.stderr)
    return code
