"""How a state looks and what it is called: one tone and one word for each value."""

from dataclasses import dataclass
from typing import Final

from eventbus_admin.deadletters.models import RetryRun
from eventbus_admin.deadletters.models import State as LetterState
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.models import Health, Operation, Quarantine, Run, Sync
from eventbus_admin.registry.as_code.plan import Verb
from eventbus_admin.registry.states import Lifecycle, ServiceKind, SubscriptionState

OK: Final = "ok"
WARN: Final = "warn"
BAD: Final = "bad"
IDLE: Final = "idle"
ACT: Final = "act"


@dataclass(frozen=True)
class Look:
    """A tone (which fixes colour and shape) and a word, so that colour never stands alone."""

    tone: str
    word: str


_TONES: Final[dict[str, str]] = {
    Sync.IN_SYNC: OK,
    Sync.MISSING: WARN,
    Sync.DIFFERS: WARN,
    Sync.BLOCKED: BAD,
    Sync.SURPLUS: BAD,
    Sync.UNMANAGED: WARN,
    Sync.BUSY: ACT,
    Sync.UNKNOWN: IDLE,
    Health.HEALTHY: OK,
    Health.NO_CONSUMERS: WARN,
    Health.BACKLOG: WARN,
    Health.DEAD_LETTERS: BAD,
    Health.PAUSED: IDLE,
    SubscriptionState.REQUESTED: WARN,
    SubscriptionState.ACTIVE: OK,
    SubscriptionState.DECLINED: IDLE,
    SubscriptionState.RETIRED: IDLE,
    AccessRequest.State.APPROVED: OK,
    Lifecycle.DRAFT: IDLE,
    Lifecycle.DEPRECATED: WARN,
    Run.State.QUEUED: IDLE,
    Run.State.RUNNING: ACT,
    Run.State.DONE: OK,
    Run.State.FAILED: BAD,
    Operation.State.CANCELLING: WARN,
    Operation.State.ROLLED_BACK: IDLE,
    Quarantine.Outcome.KEPT: WARN,
    Quarantine.Outcome.RESTORED: OK,
    RetryRun.Progress.STOPPED: WARN,
    LetterState.WAITING: WARN,
    LetterState.RETRYING: ACT,
    LetterState.RETRIED: ACT,
    LetterState.FAILED_AGAIN: BAD,
    LetterState.EDITED: IDLE,
    LetterState.DISCARDED: IDLE,
    "handled": OK,
    "retried": WARN,
    "dead": BAD,
    "returned": IDLE,
    "pending": IDLE,
    "usable": OK,
    Verb.CREATE: OK,
    Verb.CHANGE: ACT,
    Verb.RETIRE: WARN,
    "skipped": IDLE,
    "refused": BAD,
}

_WORDS: Final[dict[str, str]] = {
    choice.value: str(choice.label)
    for choices in (
        Sync,
        Health,
        SubscriptionState,
        AccessRequest.State,
        Lifecycle,
        ServiceKind,
        Run.State,
        Operation.State,
        Quarantine.Outcome,
        RetryRun.Progress,
        LetterState,
    )
    for choice in choices
} | {
    "handled": "Handled",
    "retried": "Retrying",
    "dead": "Gave up",
    "returned": "Returned",
    "pending": "Pending",
    "skipped": "Not tried",
}


def look_of(state: object) -> Look:
    """Return how this state looks; one we do not know is grey and called what it is called."""
    value = str(getattr(state, "value", state) or "unknown")
    word = _WORDS.get(value) or value.replace("_", " ").capitalize()
    return Look(tone=_TONES.get(value, IDLE), word=word)
