"""Handlers: which kinds of function there are, and what their answers mean."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from bus_core.outcome import Retry


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether its calls are coroutines, also behind `functools.partial` or as `__call__`."""
    return any(inspect.iscoroutinefunction(one) for one in _called(handler))


def check_handler(handler: Callable[..., Any]) -> None:
    """Raise `TypeError` when calling it would not run it."""
    if not callable(handler):
        raise TypeError(f"a handler is a function of one event, not {handler!r}")
    if any(
        inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one)
        for one in _called(handler)
    ):
        raise TypeError("a handler with yield would never run: write one without")


def check_answer(answer: object) -> None:
    """Raise when what a handler returned says, or shows, that it did not handle the event."""
    if answer is False:
        raise Retry(reason="the handler returned False")
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()  # or Python warns that nobody awaited it
        raise TypeError(
            "the handler returned an awaitable, which nobody awaits: write it as an async def"
        )


def _called(handler: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the function behind partials, and how an object of its type is called."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    return handler, type(handler).__call__
