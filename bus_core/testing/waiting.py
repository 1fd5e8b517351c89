"""Waiting for what a bus does in its own time; the suite's only sleep is here."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

DEADLINE_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 0.005


def eventually(
    condition: Callable[[], T], what: str = "", *, within: float = DEADLINE_SECONDS
) -> T:
    """Ask until the answer is truthy and return it; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{what or 'not true'} after {within:g} s: {answer!r}"
        time.sleep(LOOK_AGAIN_SECONDS)
    return answer


def eventually_equal(
    look: Callable[[], Any], expected: object, *, within: float = DEADLINE_SECONDS
) -> None:
    """Look until what is seen equals `expected`; fails, with the difference, after `within`."""
    deadline = time.monotonic() + within
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_SECONDS)
    assert seen == expected
