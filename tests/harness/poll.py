"""Waiting for something to become true; the only sleep in the tests is here."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    predicate: Callable[[], T],
    *,
    timeout: float = 10.0,
    message: str | Callable[[], str] = "",
    interval: float = 0.05,
    ignoring: type[Exception] | tuple[type[Exception], ...] = (),
) -> T:
    """Ask until the answer is truthy and return it; raise TimeoutError at the deadline.

    ``message`` may be a function, so that it tells how things stood at the end. Exceptions named
    in ``ignoring`` count as "not yet"; all others leave at once.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer: object
        try:
            value = predicate()
        except ignoring as error:
            answer = error
        else:
            if value:
                return value
            answer = value
        left = deadline - time.monotonic()
        if left <= 0:
            what = message() if callable(message) else message
            raise TimeoutError(f"{what or 'not true'} after {timeout:g} s (last: {answer!r})")
        time.sleep(min(interval, left))
