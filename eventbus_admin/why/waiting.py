"""What an event waits for that nobody reported; pure."""

from eventbus_admin.why.evidence import Evidence
from eventbus_admin.why.findings import Finding, Kind, Mark, Step, Verdict
from eventbus_admin.why.words import clock, events


def told(e: Evidence) -> Finding:
    """Say what it waits for, or why nobody can tell."""
    if e.subscription is not None and e.subscription.state == "retired":
        return _retired(e)
    if why := _unseen(e):
        return _unknown(e, why)
    if e.subscription is not None and e.subscription.state == "paused":
        return _paused(e)
    if not (e.look.ready or e.look.unacked):
        return _empty(e)
    return _waits(e)


def _unseen(e: Evidence) -> str:
    """Say why the last look cannot tell; nothing when it can."""
    if not e.look.reachable or e.look.at is None:
        return "the broker cannot be read now, so nobody knows what waits"
    if e.published is not None and e.look.at < e.published.seen:
        return "the broker was not looked at since it was published"
    return "the last look did not see its queue" if e.look.ready is None else ""


def _waits(e: Evidence) -> Finding:
    ready = e.look.ready or 0
    if e.look.consumers == 0:
        since = f" since {clock(e.look.since, e.now)}" if e.look.since else ""
        sentence = f"{e.service} has no worker{since}; {events(ready)} in its queue."
        advice = "Start a worker: its page has the code."
    elif not e.reports:
        return _unknown(e, f"{e.service} does not report what it does (it does not use bus_core)")
    elif ready:
        sentence = f"{events(ready)} in its queue, and its workers have not come to it yet."
        advice = "Start more workers if it takes too long."
    else:
        sentence = f"A worker of {e.service} has {e.look.unacked:,} in its hands, perhaps this one."
        advice = "Ask again in a moment, or look in its log."
    return _held(e, Kind.WAITING, sentence, advice)


def _paused(e: Evidence) -> Finding:
    deeds = e.subscription.history if e.subscription else ()
    last = next((one for one in reversed(deeds) if one.after == "paused"), None)
    by = f" by {last.by} since {clock(last.at, e.now)}" if last else ""
    sentence = f"{e.service} is paused{by}; {events(e.look.ready or 0)} in its queue."
    if not (e.look.ready or e.look.unacked):
        return _empty(e)
    found = _held(e, Kind.PAUSED, sentence, "Resume it, and its workers go on.")
    args = (e.event_type, e.service)
    step = Step(label="Resume it", route="subscription-resume", args=args, post=True)
    return Finding(**{**vars(found), "step": step})


def _retired(e: Evidence) -> Finding:
    deeds = e.subscription.history if e.subscription else ()
    last = next((one for one in reversed(deeds) if one.after == "retired"), None)
    by = f" by {last.by} at {clock(last.at, e.now)}" if last else ""
    sentence = f"{e.service}'s subscription was retired{by}, before anybody took it."
    query = (("service", e.service), ("event_type", e.event_type))
    return Finding(
        about="Waiting",
        mark=Mark.STOPPED,
        sentence=f"{sentence} If its queue is still there, the event waits in it.",
        source=f"audit entry {last.id}" if last else "registry",
        at=last.at if last else None,
        advice="Subscribe it again, and what its queue holds is handled.",
        step=Step(label="Subscribe it again", route="subscription-new", query=query),
        verdict=Verdict(kind=Kind.RETIRED, sentence=sentence),
    )


def _empty(e: Evidence) -> Finding:
    if not e.reports:
        return _unknown(
            e,
            f"its queue is empty, and {e.service} does not report what it does (it does not use "
            "bus_core)",
        )
    return _unknown(
        e,
        "its queue is empty and no receipt came. It was taken by something that does not report, "
        "its receipt was lost, or somebody emptied the queue",
    )


def _held(e: Evidence, kind: Kind, sentence: str, advice: str) -> Finding:
    args = (e.event_type, e.service)
    returned = e.receipt is not None and e.receipt.outcome == "returned"
    back = "A worker gave it back unhandled when it ended. " if returned else ""
    return Finding(
        about="Waiting",
        mark=Mark.STOPPED,
        sentence=f"{back}{sentence}",
        source=_source(e),
        at=e.look.at,
        advice=advice,
        step=Step(label="Open the subscription", route="subscription", args=args),
        verdict=Verdict(kind=kind, sentence=f"It waits: {sentence}"),
    )


def _unknown(e: Evidence, why: str) -> Finding:
    sentence = f"What became of it cannot be known: {why}."
    return Finding(
        about="Taken",
        mark=Mark.UNKNOWN,
        sentence=sentence,
        source=_source(e),
        at=e.look.at,
        advice=f"Ask the people of {e.service}: their log says whether they had {e.event_id}.",
        verdict=Verdict(kind=Kind.UNKNOWN, sentence=sentence),
    )


def _source(e: Evidence) -> str:
    if e.look.at is None:
        return "no receipt; the broker was never looked at"
    return f"no final receipt; last look at the broker at {clock(e.look.at, e.now)}"
