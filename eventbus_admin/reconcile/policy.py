"""What is applied without anybody asking.

New wishes are: an object that the registry asks for and that was never in order as it asks for it
now (`established`). What was in order once and is not any more was changed on the broker behind
our back. That is drift: it is shown, and stays until a person applies the plan, because somebody
may have had a reason, and because a loop that heals hides what keeps on breaking. With the setting
`EVENTBUS_SELF_HEAL` drift is applied too.

Whether an object was established is remembered for one broker. Another broker that answers in its
place (a new one, or the embedded one after a restart) has nothing established, so that everything
is made there without asking. The same goes for a broker that has nothing at all of what should be
there: that is no deletion which somebody had a reason for, but a broker that was set up anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from eventbus_admin.reconcile.objects import Key, Properties
from eventbus_admin.reconcile.plan import Item, Plan

Established = Mapping[Key, Properties]
"""Objects that were in order once, with what they were asked to be then."""


def is_established(item: Item, established: Established) -> bool:
    """Whether an object was in order as it is asked for now."""
    return item.should is not None and established.get(item.key) == item.should


def is_drift(item: Item, established: Established) -> bool:
    """Whether an object was in order as it is asked for now, and is not any more."""
    return item.applicable and is_established(item, established)


def is_empty(plan: Plan) -> bool:
    """Whether nothing of what should be there is."""
    return not any(one.should is not None and one.found is not None for one in plan.items)


@dataclass(frozen=True)
class ApplyWishes:
    """What the registry asked for lately; drift is left for a person."""

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:
        """Return what to apply."""
        return tuple(one for one in plan.applicable if not is_drift(one, established))


@dataclass(frozen=True)
class ApplyAll:
    """All that can be applied, or of it what bears one of these names."""

    names: Collection[str] | None = field(default=None)

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:  # noqa: ARG002
        """Return what to apply."""
        return tuple(one for one in plan.applicable if self.names is None or one.name in self.names)


ApplyPolicy = ApplyWishes | ApplyAll
