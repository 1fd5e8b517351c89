"""Retrying and discarding many held dead letters, a chunk at a time.

Both end early, between two chunks, when `stopped` says so or the broker does not play along; what
was not acted on stays a dead letter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bus_core.dead_letters.letter import DeadLetter
from bus_core.dead_letters.sending import SEND_SECONDS, send_again
from bus_core.dead_letters.waiting import HeldDeadLetters
from bus_core.errors import BusError, NotSent

CHUNK = 100


@dataclass
class Tally:
    """How far it got."""

    done: int = 0
    error: BusError | None = None
    """Why it ended early, unless that was wished."""


Progress = Callable[[int], None]
"""Is told after each chunk how many are done."""


def retry(
    held: HeldDeadLetters,
    letters: Sequence[DeadLetter],
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _done: None,
    timeout: float = SEND_SECONDS,
) -> Tally:
    """Send each one to its own subscription; once the broker has it, the dead letter is removed.

    Ask `open_targets` first which of them have a queue to go to. `timeout` in seconds, for each
    chunk.
    """
    tally = Tally()
    for chunk in _chunks(held, letters, tally, stopped):
        sending = [send_again(held.link, held.service, one, timeout=timeout) for one in chunk]
        for letter, future in zip(chunk, sending, strict=True):
            error = future.exception()
            if error is None:
                held.acknowledge(letter)
                tally.done += 1
            elif isinstance(error, BusError):
                tally.error = error
            else:
                raise error
        progress(tally.done)
    return tally


def discard(
    held: HeldDeadLetters,
    letters: Sequence[DeadLetter],
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _done: None,
) -> Tally:
    """Remove dead letters for good."""
    tally = Tally()
    for chunk in _chunks(held, letters, tally, stopped):
        for letter in chunk:
            held.acknowledge(letter)
            tally.done += 1
        progress(tally.done)
    return tally


def _chunks(
    held: HeldDeadLetters,
    letters: Sequence[DeadLetter],
    tally: Tally,
    stopped: Callable[[], bool],
) -> Iterator[Sequence[DeadLetter]]:
    for start in range(0, len(letters), CHUNK):
        if held.lost:
            tally.error = NotSent("the broker has taken back what was held here")
        if tally.error is not None or stopped():
            return
        yield letters[start : start + CHUNK]
