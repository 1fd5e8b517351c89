"""What becomes of an event, and what a handler may raise to say so."""

from datetime import timedelta
from typing import Literal

OutcomeName = Literal["handled", "retried", "dead"]


class Reject(Exception):
    """Raised by a handler: this event will never succeed; it becomes a dead letter now.

    What it is given is kept with the dead letter, for the person who looks at it.
    """


class Retry(Exception):
    """Raised by a handler: handle this event again later.

    `delay` is the wished delay in seconds (or a `timedelta`); the service's next longer retry
    step is taken. Without it the subscription's policy decides. It counts as an attempt. `reason`
    is for the log and, after the last attempt, for the dead letter.
    """

    def __init__(self, delay: float | timedelta | None = None, reason: str = "") -> None:
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
        self.delay_ms = None if seconds is None else max(1, round(seconds * 1000))
        super().__init__(reason or "the handler asked for a retry")
