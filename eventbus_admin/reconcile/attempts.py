"""Which steps failed, and when each is tried again without anybody asking.

What may pass is tried after 1, 2, 4 … 60 seconds. What the broker refuses is not tried again until
something changes: what should be, what was found, or whether the things that it needs are there.
A person's run tries everything at once.

It is the memory of one leader: a new one tries everything once, and learns it anew.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from bus_core.topology import Binding
from eventbus_admin.broker.users import Grant
from eventbus_admin.reconcile.apply import StepResult, Trouble
from eventbus_admin.reconcile.objects import Key, ObjectKind
from eventbus_admin.reconcile.plan import Item, Plan

LONGEST_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """The last of one or several failures in a row."""

    error: str
    given: tuple[Any, ...] = field(repr=False)
    """All that the attempt depended on."""
    tries: int
    lasting: bool
    again: float
    """When to try again, on the clock of `Attempts`."""
    again_at: datetime


class Attempts:
    """Remembers what failed, by object."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[Key, _Failure] = {}

    def due(self, steps: Iterable[Item], plan: Plan) -> tuple[Item, ...]:
        """Return those of the steps that may be tried now."""
        by_key = plan.by_key
        return tuple(one for one in steps if self._is_due(one, by_key))

    def note(self, results: Iterable[StepResult], plan: Plan) -> None:
        """Remember how attempts went; `plan` is how things stand after them."""
        by_key = plan.by_key
        for result in results:
            key = result.item.key
            if result.done:
                self._failures.pop(key, None)
            elif result.trouble is not Trouble.UNTRIED:
                self._failures[key] = self._failure(result, by_key)
        # What is in order by now, or not asked for any more, failed at nothing.
        wanting = {one.key for one in plan.applicable}
        self._failures = {key: one for key, one in self._failures.items() if key in wanting}

    def next_try(self) -> float | None:
        """Return when something is to be tried again, on this clock."""
        return min((one.again for one in self._failures.values() if not one.lasting), default=None)

    def sentence(self, key: Key) -> str:
        """Say why making an object failed and when it is tried again; nothing if it did not."""
        failure = self._failures.get(key)
        if failure is None:
            return ""
        if failure.lasting:
            return f"{failure.error} It waits until something about it changes, or until you apply."
        times = "once" if failure.tries == 1 else f"{failure.tries} times"
        return f"{failure.error} Tried {times}, again at {failure.again_at:%H:%M:%S} UTC."

    def _is_due(self, item: Item, by_key: Mapping[Key, Item]) -> bool:
        failure = self._failures.get(item.key)
        if failure is None or failure.given != _given(item, by_key):
            return True
        return not failure.lasting and self._clock() >= failure.again

    def _failure(self, result: StepResult, by_key: Mapping[Key, Item]) -> _Failure:
        item = by_key.get(result.item.key, result.item)
        given = _given(item, by_key)
        before = self._failures.get(item.key)
        tries = before.tries + 1 if before is not None and before.given == given else 1
        pause = min(LONGEST_SECONDS, 2.0 ** min(tries - 1, 10))
        return _Failure(
            error=result.error,
            given=given,
            tries=tries,
            lasting=result.trouble is Trouble.LASTING,
            again=self._clock() + pause,
            again_at=timezone.now() + timedelta(seconds=pause),
        )


def _given(item: Item, by_key: Mapping[Key, Item]) -> tuple[Any, ...]:
    needed = (by_key.get(key) for key in _needs(item))
    there = tuple(one is not None and one.found is not None for one in needed)
    return item.should, item.found, there


def _needs(item: Item) -> tuple[Key, ...]:
    """Return what has to be there before an object can be made."""
    match item.wanted:
        case Binding(source=source, queue=queue):
            return (ObjectKind.EXCHANGE, source), (ObjectKind.QUEUE, queue)
        case Grant(user=user):
            return ((ObjectKind.USER, user),)
    return ()
