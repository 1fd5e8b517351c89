"""`Chain`: all middleware of one bus, run in its order, and none in the way of an event."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from bus_core.bus import Handler
from bus_core.handlers import check_answer
from bus_core.middleware.base import Attempt, Middleware, Outcome, Publication

logger = logging.getLogger(__name__)

Step = Callable[[Attempt], Any]


class Chain:
    """The first is the outermost: it is asked first, and told last.

    Raises `TypeError` when one of them is no middleware.
    """

    def __init__(self, middleware: Iterable[Middleware]) -> None:
        every = tuple(middleware)
        for one in every:
            if not isinstance(one, Middleware):
                raise TypeError(f"{one!r} is not an instance of bus_core.Middleware")
        self._publishing = _overriding(every, "publishing", "published")
        self._wrapping = _overriding(every, "handle")
        self._observing = _overriding(every, "handled")

    @property
    def publishes(self) -> bool:
        """Whether anybody wants to know what is published."""
        return bool(self._publishing)

    def publishing(self, publication: Publication) -> None:
        """Ask everybody before an event is sent; raises what one of them raises."""
        for number, one in enumerate(self._publishing):
            try:
                one.publishing(publication)
            except BaseException as error:
                _tell_published(self._publishing[:number], publication, error, 0.0)
                raise

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        """Tell everybody who was asked."""
        _tell_published(self._publishing, publication, error, seconds)

    def around(self, handler: Handler) -> Step:
        """Return the handler with everything around it."""

        def call_handler(attempt: Attempt) -> Any:
            answer = handler(attempt.event)
            if answer is not None:
                check_answer(answer)
            return answer

        step: Step = call_handler
        for one in reversed(self._wrapping):
            step = _wrapped(one, step)
        return step

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        """Tell everybody what became of an attempt."""
        for one in reversed(self._observing):
            try:
                one.handled(attempt, outcome)
            except BaseException:  # whatever it was, the event goes on
                name, event_id = type(one).__name__, attempt.event.id
                logger.exception("%s failed after %s was %s", name, event_id, outcome.name)


def _overriding(every: tuple[Middleware, ...], *names: str) -> tuple[Middleware, ...]:
    """Return those that do something there."""
    return tuple(
        one
        for one in every
        if any(getattr(type(one), name) is not getattr(Middleware, name) for name in names)
    )


def _wrapped(one: Middleware, inner: Step) -> Step:
    def call(attempt: Attempt) -> Any:
        return one.handle(attempt, lambda: inner(attempt))

    return call


def _tell_published(
    told: tuple[Middleware, ...],
    publication: Publication,
    error: BaseException | None,
    seconds: float,
) -> None:
    for one in reversed(told):
        try:
            one.published(publication, error, seconds)
        except BaseException:
            name, event_id = type(one).__name__, publication.event.id
            logger.exception("%s failed after the publishing of %s", name, event_id)
