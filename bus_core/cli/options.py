"""Arguments that several commands take, and how they are read."""

import argparse
import os
import re
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bus_core.errors import BusError, InvalidName, InvalidURL

URL_VARIABLE = "EVENTBUS_AMQP_URL"
HELP_COLUMNS = 90
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class UsageError(Exception):
    """The command was given something that it cannot use; the message says what to change."""


class Failed(Exception):
    """The command could not do what it was asked for; the message says why."""


EXPECTED = (UsageError, Failed, BusError)
"""What ends a command with one sentence."""


def exit_code(error: Exception) -> int:
    """Return 2 for what the user can write differently, otherwise 1."""
    return 2 if isinstance(error, UsageError | InvalidURL | InvalidName) else 1


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    brief: str,
    description: str,
    example: str,
) -> argparse.ArgumentParser:
    """Add a command, with a line for the list of commands and a text for its own help.

    Empty lines divide the text into paragraphs.
    """
    parser = commands.add_parser(
        name,
        help=brief,
        description="\n\n".join(
            textwrap.fill(paragraph, HELP_COLUMNS) for paragraph in description.split("\n\n")
        ),
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_url(parser: argparse.ArgumentParser) -> None:
    """Add where the broker is."""
    parser.add_argument(
        "--url",
        help=f"amqp://user:password@host/vhost; otherwise ${URL_VARIABLE}, or the content of the "
        f"file that ${URL_VARIABLE}_FILE names",
    )


def url(options: argparse.Namespace) -> str:
    """Return where the broker is."""
    if options.url:
        return str(options.url)
    if path := os.environ.get(f"{URL_VARIABLE}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{URL_VARIABLE}_FILE names {path}, which cannot be read: {error}"
            ) from error
    if found := os.environ.get(URL_VARIABLE):
        return found
    raise UsageError(f"give --url amqp://user:password@host/vhost, or set {URL_VARIABLE}")


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number within these bounds."""

    def read(text: str) -> int:
        if text.isdecimal() and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(
            f"write a whole number from {least} to {most}, not {text!r}"
        )

    return read


def seconds(text: str) -> float:
    """Read a number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"write seconds, from 0 to 86400, not {text!r}")
    return number


def moment(text: str) -> datetime:
    """Read a moment: a time ago such as 90s, 30m, 2h, 7d, or a date and time in ISO 8601."""
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"write 90s, 30m, 2h, 7d or 2026-11-23T18:00Z, not {text!r}"
        ) from None
    return found.astimezone()  # without a zone it is the local time
