"""What became of the event at the service; pure."""

from datetime import datetime, timedelta

from eventbus_admin.why import dying, waiting
from eventbus_admin.why.evidence import Evidence, Letter, Receipt
from eventbus_admin.why.findings import Finding, Kind, Mark, Step, Verdict
from eventbus_admin.why.words import clock, last_line, times


def moved(e: Evidence) -> Finding | None:
    """Whether an operation took the events out of its queue since."""
    if e.arrived or not e.moved or (e.moment is not None and e.moved[0].at < e.moment):
        return None
    last = e.moved[0]
    kept = last.quarantine is not None and last.outcome == "kept"
    about = f"{last.kind.capitalize()} of its queue"
    by = f"{last.by or 'somebody'} asked for it at {clock(last.at, e.now)}"
    operation = Step(label="Operation", route="operation", args=(last.id,))
    if not kept or last.quarantine is None:
        return Finding(
            about=about,
            mark=Mark.ASIDE,
            sentence=f"{by}; it is {last.state.replace('_', ' ')}.",
            source=f"operation {last.id[:8]}",
            at=last.at,
            step=operation,
        )
    held = f"{last.kept:,} message{'' if last.kept == 1 else 's'}"
    return Finding(
        about=about,
        mark=Mark.STOPPED,
        sentence=f"{by}: what the queue held lies in quarantine, {held}.",
        source=f"operation {last.id[:8]}",
        at=last.at,
        advice="If this event is among them, restoring the quarantine brings it back.",
        step=Step(label="Open the quarantine", route="quarantine", args=(last.quarantine,)),
        verdict=Verdict(
            kind=Kind.QUARANTINED,
            sentence=f"{e.service}'s queue was removed; unless it was handled unseen, the event "
            f"lies in quarantine, with {held}.",
        ),
    )


def taken(e: Evidence) -> Finding:
    """What the service did with it, or what it waits for; always with a verdict."""
    letter = e.letters[-1] if e.letters else None
    receipt = e.receipt
    if receipt is not None and _was_handled(receipt, letter):
        return _handled(e, receipt)
    if letter is not None and not _began_anew(letter, receipt):
        return dying.told(e, letter)
    match receipt:
        case Receipt(outcome="dead"):
            return dying.unlettered(e, receipt)
        case Receipt(outcome="retried"):
            return _retried(e, receipt)
    return waiting.told(e)


def edited(e: Evidence) -> Finding | None:
    """Whether somebody edited it: the copy took its place."""
    copy = next((one for one in reversed(e.letters) if one.original is not None), None)
    if copy is None or copy.original is None:
        return None
    return Finding(
        about="Edited",
        mark=Mark.ASIDE,
        sentence=f"{copy.edited_by or 'Somebody'} edited it and sent the copy in its place.",
        source=f"dead letters {copy.original} and {copy.id}",
        at=copy.since,
        step=Step(label="The original", route="dead-letter", args=(copy.original,)),
    )


def twice(e: Evidence) -> Finding | None:
    """Whether it may have been another event of this id."""
    if e.published is None or e.receipt is None:
        return None
    if e.receipt.at >= e.published.seen - timedelta(minutes=1):
        return None
    return Finding(
        about="Its id",
        mark=Mark.ASIDE,
        sentence=f"{e.service} reported an event of this id before this one was seen: the id was "
        "used twice, or the clocks differ. A service that keeps to ids skips the second.",
        source=f"receipt of {e.receipt.worker or e.service}",
        at=e.receipt.at,
    )


def _was_handled(receipt: Receipt, letter: Letter | None) -> bool:
    if receipt.outcome != "handled":
        return False
    return letter is None or letter.state == "handled" or receipt.at >= letter.died


def _began_anew(letter: Letter, receipt: Receipt | None) -> bool:
    return letter.state == "sent" and receipt is not None and receipt.at > letter.since


def _handled(e: Evidence, receipt: Receipt) -> Finding:
    worker = receipt.worker or e.service
    attempt = f" at attempt {receipt.attempts}" if receipt.attempts > 1 else ""
    at = clock(receipt.at, e.now)
    return Finding(
        about="Handled",
        mark=Mark.PROVEN,
        sentence=f"{worker} handled it{attempt} in {receipt.ms:,.0f} ms.",
        source=f"receipt of {worker}",
        at=receipt.at,
        advice="If nothing came of it, look in that worker's log at this time.",
        verdict=Verdict(
            kind=Kind.ARRIVED, sentence=f"It arrived: {e.service} handled it{attempt} at {at}."
        ),
    )


def _retried(e: Evidence, receipt: Receipt) -> Finding:
    error, often = last_line(receipt.error), times(receipt.attempts)
    due = _next_attempt(e, receipt)
    when = ""
    if due is not None:
        late = due < e.now - timedelta(seconds=30)
        when = f" The next attempt {'was' if late else 'is'} due at {clock(due, e.now)}."
    idle = " No worker runs now." if not e.workers and e.look.consumers == 0 else ""
    told = f"failed {often}{f': {error}' if error else ''}."
    return Finding(
        about="Retried",
        mark=Mark.STOPPED,
        sentence=f"It {told}{when}{idle}",
        source=f"receipt of {receipt.worker or e.service}; the retry ladder as it is now",
        at=receipt.at,
        advice="It is tried again by itself. Mend what the error says, or start a worker."
        if idle
        else "It is tried again by itself; mend what the error says.",
        step=Step(label="Subscription", route="subscription", args=(e.event_type, e.service))
        if e.subscription
        else None,
        verdict=Verdict(
            kind=Kind.RETRYING, sentence=f"It reached {e.service} and {told}{when}{idle}"
        ),
    )


def _next_attempt(e: Evidence, receipt: Receipt) -> datetime | None:
    if e.subscription is None:
        return None
    delay = e.subscription.retry.delay_after(receipt.attempts)
    return None if delay is None else receipt.at + timedelta(milliseconds=delay)
