"""From evidence to an answer; pure."""

from collections.abc import Callable, Iterator

from eventbus_admin.why import handling, publishing, subscribing
from eventbus_admin.why.evidence import Evidence
from eventbus_admin.why.findings import Answer, Finding, Mark

_WAY: tuple[Callable[[Evidence], Finding | None], ...] = (
    publishing.registered,
    publishing.published,
    publishing.allowed,
    subscribing.subscribed,
    subscribing.queue,
    subscribing.bound,
    handling.moved,
    handling.taken,
)
"""The event's way; it ends with the first fact that has a verdict, and the last always has one."""
_BESIDES: tuple[Callable[[Evidence], Finding | None], ...] = (
    subscribing.subscribed_now,
    handling.edited,
    handling.twice,
)


def explain(evidence: Evidence) -> Answer:
    """Say how far the event got, and what proves it."""
    way = list(_followed(evidence))
    last = way[-1]
    assert last.verdict is not None, "the last step always knows something to say"  # noqa: S101
    besides = (found for tell in _BESIDES if (found := tell(evidence)) is not None)
    opened = last if last.mark is Mark.STOPPED else None
    return Answer(verdict=last.verdict, findings=(*way, *besides), opened=opened)


def _followed(evidence: Evidence) -> Iterator[Finding]:
    for tell in _WAY:
        found = tell(evidence)
        if found is None:
            continue
        yield found
        if found.verdict is not None:
            return
