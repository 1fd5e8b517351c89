"""`Middleware`: what a service may put around its publishing and its handlers."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from bus_core.bus import SubscriptionSpec
from bus_core.event import Event
from bus_core.outcome import OutcomeName


@dataclass(slots=True, kw_only=True, eq=False)
class Publication:
    """One event on its way out; the same object for both hooks, so it may be a key of yours."""

    event: Event
    service: str
    """Who publishes it."""
    headers: dict[str, str] = field(default_factory=dict)
    """What goes out beside the event; add to it. Headers of the bus itself cannot be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to handle an event."""

    event: Event
    subscription: SubscriptionSpec
    """As it is in force now: what the registry directs is in it."""
    service: str
    """Who handles it."""
    queue: str
    headers: Mapping[str, Any]
    """What came beside the event; others may have sent values of any kind."""
    number: int
    """1 for the first; the number of those before, when it is given up without another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attempt."""

    name: OutcomeName
    seconds: float
    """How long the handler ran, with the middleware around it; 0 when it was not called."""
    error: str = ""
    """Why it failed, with the way to it where there is one."""


def publish_outcome(error: BaseException | None) -> str:
    """Return `published`, `failed` when the broker does not have the event, or `unknown`."""
    if error is None:
        return "published"
    known = getattr(error, "outcome_known", not isinstance(error, CancelledError))
    return "failed" if known else "unknown"


class Middleware:
    """Override what you need; the first of a list is the outermost.

    One object may serve several buses, and is called on many threads at a time.
    """

    def publishing(self, publication: Publication) -> None:
        """Before an event is sent, on the thread that publishes it.

        What it raises is raised to that caller, and the event is not sent.
        """

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        """After `publishing` has returned, once, when it is known how it went.

        `error` is `None` when the broker has the event, otherwise mostly a `BusError`; `seconds`
        it took. It runs on the connection's own thread, so it may not wait for anything. What it
        raises is logged.
        """

    def handle(self, attempt: Attempt, call_next: Callable[[], Any]) -> Any:  # noqa: ARG002
        """Around the handler, on its thread; for an async handler too.

        `call_next()` goes on to the handler and returns what it returned, or raises what it
        raised: `Retry` when it returned False. What this raises decides as if the handler had:
        the event is retried, with `Reject` it is a dead letter. One that returns without
        `call_next()` says that there is nothing to do: the event counts as handled.
        """
        return call_next()

    def handled(self, attempt: Attempt, outcome: Outcome) -> None:
        """After it was decided what becomes of the event, on the handler's thread.

        An event that is given up before it gets to the handler, because it ended too many
        workers, is told here only. What this raises is logged.
        """
