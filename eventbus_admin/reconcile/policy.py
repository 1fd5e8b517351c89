"""What is applied without anybody asking, and what may be applied at all.

New wishes are: an object that the registry asks for and that was never in order as it asks for it
now (`established`). What was in order once and is not any more was changed on the broker behind
our back. That is drift: it is shown, and stays until a person applies the plan, because somebody
may have had a reason, and because a loop that heals hides what keeps on breaking. With the setting
`EVENTBUS_SELF_HEAL` drift is applied too.

The setting `EVENTBUS_APPLY` says how far an installation goes: `sync` is all of this. `create` only
makes what is missing, whoever asks: changes and removals are held back. `observe` does nothing by
itself, not even wishes; people may still apply.

A user whose credentials a person revoked is taken away under `create` too: the person decided about
just this user, and as long as it is there whoever has the secret can sign in. Under `observe` it
waits for somebody to apply it, as everything does.

Whether an object was established is remembered for one broker. Another broker that answers in its
place (a new one, or the embedded one after a restart) has nothing established, so that everything
is made there without asking. The same goes for a broker that has nothing of what should be there,
or exchanges at most: that is no deletion which somebody had a reason for, but a broker that was set
up anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from django.conf import settings

from eventbus_admin.reconcile import sentences
from eventbus_admin.reconcile.objects import Key, ObjectKind, Properties, is_chosen
from eventbus_admin.reconcile.plan import Item, Plan, StepKind

Established = Mapping[Key, Properties]
"""Objects that were in order once, with what they were asked to be then."""


class Apply(StrEnum):
    """How far an installation goes; the values of `EVENTBUS_APPLY`."""

    OBSERVE = "observe"
    CREATE = "create"
    SYNC = "sync"


def apply_setting() -> Apply:
    """Return how far this installation goes."""
    return Apply(settings.EVENTBUS_APPLY)


def said(apply: Apply, *, heals: bool) -> str:
    """Return what is applied here and what waits, as sentences for people."""
    match apply:
        case Apply.OBSERVE:
            return (
                "Nothing is applied by itself (EVENTBUS_APPLY is observe); people apply here. A "
                "user whose credentials were revoked can sign in until somebody does."
            )
        case Apply.CREATE:
            return (
                "Only what is missing is made (EVENTBUS_APPLY is create); changes are held back, "
                "whoever asks. Users whose credentials were revoked are taken away all the same."
            )
    if heals:
        return "What the registry asks for is applied by itself, and drift is repaired."
    return "What the registry asks for is applied by itself; drift waits for a person."


def is_held_back(step: StepKind, kind: str, apply: Apply) -> bool:
    """Whether nobody may apply such a step here."""
    if apply is not Apply.CREATE:
        return False
    revoked = step is StepKind.DELETE and kind == ObjectKind.USER
    return step in {StepKind.CHANGE, StepKind.DELETE} and not revoked


def under(plan: Plan, apply: Apply) -> Plan:
    """Return the plan with what this setting holds back marked so."""
    return plan.change(lambda item: _under(item, apply))


def _under(item: Item, apply: Apply) -> Item:
    if item.step is None or not is_held_back(item.step, item.object, apply):
        return item
    return replace(item, held=True, reason=sentences.held_back(item.reason))


def is_established(item: Item, established: Established) -> bool:
    """Whether an object was in order as it is asked for now."""
    return item.should is not None and established.get(item.key) == item.should


def is_drift(item: Item, established: Established) -> bool:
    """Whether an object was in order as it is asked for now, and is not any more."""
    return item.applicable and is_established(item, established)


def is_empty(plan: Plan) -> bool:
    """Whether nothing of what should be there is, or exchanges at most.

    Whoever publishes makes those in passing, and so does our own feed, often before we look.
    """
    return not any(
        one.should is not None and one.found is not None and one.object is not ObjectKind.EXCHANGE
        for one in plan.items
    )


class ApplyPolicy(Protocol):
    """Chooses of a plan what is applied now."""

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:
        """Return what to apply."""


@dataclass(frozen=True)
class ApplyNothing:
    """Everything waits for a person."""

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:  # noqa: ARG002
        """Return what to apply."""
        return ()


@dataclass(frozen=True)
class ApplyWishes:
    """What the registry asked for lately; drift is left for a person."""

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:
        """Return what to apply."""
        return tuple(one for one in plan.applicable if not is_drift(one, established))


@dataclass(frozen=True)
class ApplyAll:
    """All that can be applied, or of it what was chosen: by name, or by kind and name."""

    chosen: Collection[str] | None = field(default=None)

    def choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:  # noqa: ARG002
        """Return what to apply."""
        return tuple(one for one in plan.applicable if is_chosen(one.object, one.name, self.chosen))
