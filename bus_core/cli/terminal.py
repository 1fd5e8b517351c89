"""What people read: text without surprises, colours where they show, a question, progress."""

import json
import os
import select
import sys
import time
from typing import Any, TextIO

from bus_core.cli.interrupts import WAKE_SECONDS
from bus_core.cli.options import UsageError

_COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "cyan": "36"}
PROGRESS_SECONDS = 2.0


def clean(text: str) -> str:
    """Return text that cannot steer a terminal: events hold whatever somebody wrote."""
    if text.isprintable():
        return text
    return "".join(
        one if one in "\n\t" or one.isprintable() else one.encode("unicode_escape").decode()
        for one in text
    )


def one_line(document: Any) -> str:
    """Return JSON for one line of a terminal or a file."""
    text = json.dumps(document, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(document)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, as `1 dead letter` or `1,200 dead letters`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(milliseconds: int) -> str:
    """Return a duration as people say it: 500 ms, 1 s, 10 min, 2 h."""
    for unit, length in (("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds >= length:
            return f"{milliseconds / length:g} {unit}"
    return f"{milliseconds} ms"


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


class Style:
    """Colours for one stream: only on a terminal, and not when `NO_COLOR` is set."""

    def __init__(self, stream: TextIO) -> None:
        self._on = (
            stream.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM", "dumb") != "dumb"
        )

    def __call__(self, colour: str, text: str) -> str:
        """Return the text in this colour."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._on else text


def agree(question: str) -> bool:
    """Ask once; anything but yes means no."""
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked: add --yes if you are sure")
    say(f"{question} [y/N] ")
    while not select.select([sys.stdin], [], [], WAKE_SECONDS)[0]:
        pass  # awake now and then, or Ctrl-C might not be noticed
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


class Progress:
    """Says how far something got: on one line of a terminal, elsewhere now and then."""

    def __init__(self, verb: str, total: int) -> None:
        self._verb = verb
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._due = 0.0

    def __call__(self, done: int) -> None:
        """Say it, unless it was said just now."""
        now = time.monotonic()
        if now < self._due and done < self._total:
            return
        text = f"{self._verb} {done:,} of {self._total:,}"
        if self._terminal:
            self._due = now + 0.1
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        else:
            self._due = now + PROGRESS_SECONDS
            say(text)

    def end(self) -> None:
        """Go on to the next line."""
        if self._terminal:
            say("")
