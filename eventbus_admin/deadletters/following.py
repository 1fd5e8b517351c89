"""What became of what was sent again: told by the receipts of workers."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from eventbus_admin.deadletters.models import DeadLetter, State
from eventbus_admin.journal.models import Outcome
from eventbus_admin.reconcile.lease import Fence

LOOKED_AT = 500
_SAYS = {"handled": State.HANDLED, "dead": State.FAILED_AGAIN}
_A_SECOND = timedelta(seconds=1)


class Follower:
    """Goes round all that was sent, some of them at each call."""

    def __init__(self) -> None:
        self._after = 0

    def follow(self, fence: Fence) -> int:
        """Note what was reported lately; returns of how many. Raises `LeaseLost`."""
        sent = DeadLetter.objects.filter(state=State.RETRIED, pk__gt=self._after).order_by("pk")
        looked_at = list(
            sent.only("pk", "event_id", "heard", "died", "service__name").select_related("service")[
                :LOOKED_AT
            ]
        )
        self._after = looked_at[-1].pk if len(looked_at) == LOOKED_AT else 0
        outcomes = _outcomes([one.event_id for one in looked_at if one.event_id])
        settled: dict[State, list[int]] = {}
        for one in looked_at:
            outcome = outcomes.get((one.event_id, one.service.name))
            if outcome is not None and is_news(outcome, one) and outcome.outcome in _SAYS:
                settled.setdefault(_SAYS[outcome.outcome], []).append(one.pk)
        if settled:
            _settle(fence, settled)
        return sum(map(len, settled.values()))


def is_news(outcome: Outcome, letter: DeadLetter) -> bool:
    """Whether a receipt is about what became of it after it was sent again.

    The times of both sides of the comparison are the workers', so that our clock plays no part.
    """
    if letter.heard is not None:
        return outcome.at > letter.heard
    # Workers tell the second only in which an event gave up.
    return outcome.outcome == "handled" or outcome.at > letter.died + _A_SECOND


def _outcomes(event_ids: list[str]) -> dict[tuple[str, str], Outcome]:
    if not event_ids:
        return {}
    found = Outcome.objects.filter(event_id__in=event_ids)
    return {(one.event_id, one.service): one for one in found}


def _settle(fence: Fence, settled: dict[State, list[int]]) -> None:
    now: datetime = timezone.now()
    with transaction.atomic():
        fence.hold()
        for state, letters in settled.items():
            DeadLetter.objects.filter(pk__in=letters, state=State.RETRIED).update(
                state=state, since=now
            )
