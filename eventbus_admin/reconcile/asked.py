"""What a run was asked to do, held against what is found when it is carried out. Pure.

A person agreed to steps as they were shown: from this, to that. When one of them is something else
by now, the person did not agree to it, and nothing of the run is touched. What was done meanwhile,
by the loop or by a leader that died over this run, is done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventbus_admin.journal.entries import keepable
from eventbus_admin.reconcile import sentences
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import Key, ObjectKind
from eventbus_admin.reconcile.plan import Item, Plan
from eventbus_admin.reconcile.policy import Established

Step = Mapping[str, Any]
"""A step of a run as it is stored."""


class PlanChanged(Exception):
    """Something that the chosen steps touch has changed since; nothing was touched.

    `changes` says of each object how.
    """

    def __init__(self, changes: Mapping[Key, str]) -> None:
        super().__init__(sentences.refused(list(changes.values())))
        self.changes = changes


@dataclass(frozen=True)
class ApplyAsked:
    """Just these steps, as long as each is what was agreed to."""

    steps: Sequence[Step]
    broker: str
    """Identity of the broker that they were agreed for; empty when it was not known."""

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:  # noqa: ARG002
        """Return what is left to do; raises `PlanChanged`."""
        if self.steps and self.broker not in {"", plan.broker}:
            raise PlanChanged({key_of_step(one): sentences.OTHER_BROKER for one in self.steps[:1]})
        items = plan.by_key
        changes = {
            key: said
            for step in self.steps
            if (said := change_since(step, items.get(key := key_of_step(step))))
        }
        if changes:
            raise PlanChanged(changes)
        return tuple(self._left(items))

    def _left(self, items: Mapping[Key, Item]) -> Iterator[Item]:
        for step in self.steps:
            item = items.get(key_of_step(step))
            if item is not None and item.applicable:
                yield item


def key_of_step(step: Step) -> Key:
    """Return which object a stored step is about."""
    return ObjectKind(step["object"]), step["name"]


def change_since(step: Step, item: Item | None) -> str:
    """Return how an object differs from what a step was agreed for; nothing when it does not."""
    name = step["name"]
    before, after = step.get("before"), step.get("after")
    if item is None:
        return "" if after is None else sentences.not_wanted_any_more(name)
    if keepable(item.should) != after:
        return sentences.wanted_otherwise(name, after, keepable(item.should))
    if item.sync is Sync.IN_SYNC:
        return ""
    found = keepable(item.found)
    if found != before:
        return sentences.found_otherwise(name, before, found)
    if item.step != step["kind"] or item.held:
        return sentences.cannot_be_done_any_more(name, item.reason)
    return ""
