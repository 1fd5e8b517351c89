"""Which dead letters an action is about: named ones, or all that a filter lets through."""

from collections.abc import Collection
from dataclasses import dataclass, field

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun
from eventbus_admin.deadletters.querysets import DeadLetterQuerySet, Wanted
from eventbus_admin.journal.sight import error_name
from eventbus_admin.payloads.policy import is_hidden, sight_of
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service

MAX_SET = 50_000
"""So many at once; a narrower filter takes the rest."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Named dead letters, or without names those that `wanted` lets through."""

    ids: Collection[int] | None = None
    wanted: Wanted = field(default_factory=Wanted)

    def letters(self, actor: Actor) -> DeadLetterQuerySet:
        """Return all of them, those included that wait no more.

        What the filter finds in errors depends on which of them the actor is shown.
        """
        if self.ids is not None:
            return DeadLetter.objects.filter(pk__in=self.ids)
        return DeadLetter.objects.matching(self.wanted, sight=sight_of(actor))

    @property
    def words(self) -> str:
        """Say what was chosen, for a person."""
        if self.ids is None:
            if self.wanted.cause:
                cause = Cause.objects.filter(pk=self.wanted.cause).first()
                # Everybody reads this, in the list of runs and in the audit trail.
                if cause is not None and is_hidden(cause.event_type):
                    return f"all of cause {cause.pk}: {error_name(cause.text)}"
                return f"all of one cause: {cause}"[:500]
            return self.wanted.words[:500]
        if len(self.ids) > 1:
            return f"{len(self.ids):,} chosen ones"
        found = DeadLetter.objects.filter(pk__in=self.ids).light().first()
        return f"{found.event_type or 'a message'} of {found.service.name}" if found else ""


def require_waiting(actor: Actor, chosen: Chosen, to: str) -> DeadLetterQuerySet:
    """Return those of the chosen that wait, after asking whether the actor may act on all.

    `to` says what for. Raises `NotAllowed`, or `ActionError` when there are none, or too many.
    """
    _require_known(chosen)
    letters = chosen.letters(actor)
    require_rights(actor, letters, to)
    waiting = letters.waiting()
    number = waiting.count()
    if number > MAX_SET:
        raise ActionError(
            "too_many",
            f"These are {number:,}; at most {MAX_SET:,} can be taken at once. Narrow the filter.",
        )
    if not number:
        raise ActionError("not_waiting", f"None of these waits any more, so none can be {to}.")
    return waiting


def require_rights(actor: Actor, letters: DeadLetterQuerySet, to: str) -> None:
    """Raise `NotAllowed` unless the actor may change every service that these belong to."""
    rights = Rights(actor)
    services = letters.order_by().values("service")
    for service in Service.objects.filter(pk__in=services).with_related():
        allowed = rights.can_edit(service.owner, f"have its dead letters {to}")
        allowed.require()


def may_act(actor: Actor, run: RetryRun) -> bool:
    """Whether the actor may stop this run or have it go on."""
    rights = Rights(actor)
    services = Service.objects.filter(pk__in=run.letters.order_by().values("service"))
    return all(rights.can_edit(one.owner) for one in services.with_related())


def _require_known(chosen: Chosen) -> None:
    if chosen.ids is None:
        return
    known = set(DeadLetter.objects.filter(pk__in=chosen.ids).values_list("pk", flat=True))
    if unknown := sorted(set(chosen.ids) - known):
        raise ActionError("unknown_dead_letter", f"There is no dead letter {unknown[0]}.", "ids")
