"""Whether there was a way from the event to the service; pure."""

from datetime import datetime

from eventbus_admin.why.evidence import Deed, Evidence, Subscribed, Thing
from eventbus_admin.why.findings import Finding, Kind, Mark, Step, Verdict
from eventbus_admin.why.words import clock

_LIVE = {"active", "paused"}
_RECEIVED = "It had the event, so there was a way to it."


def state_at(subscription: Subscribed, moment: datetime) -> tuple[str | None, Deed | None]:
    """Return the subscription's state at a moment with what proves it.

    An empty state: it did not exist; `None`: it cannot be known.
    """
    told = [one for one in subscription.history if one.after]
    before = [one for one in told if one.at <= moment]
    later = [one for one in told if one.at > moment]
    if before:
        return before[-1].after, before[-1]
    if subscription.created > moment:
        return "", None
    if later:
        return (later[0].before or None), later[0]
    return subscription.state, None


def subscribed(e: Evidence) -> Finding:
    """Whether the service was subscribed when the event was published."""
    if e.arrived:
        return _received(e, "Subscription then")
    if not e.registered:
        return _not_subscribed(e, f"The registry knows no service {e.service}.")
    if e.subscription is None:
        return _not_subscribed(e, f"{e.service} has no subscription to {e.event_type}.")
    moment = e.moment or e.now
    state, deed = state_at(e.subscription, moment)
    if state is None:
        return Finding(
            about="Subscription then",
            mark=Mark.UNKNOWN,
            sentence="Its state then cannot be known: the audit trail does not say.",
            source="audit",
        )
    if state not in _LIVE:
        return _not_live(e, state, deed)
    return Finding(
        about="Subscription then",
        mark=Mark.PROVEN,
        sentence=f"{e.service} was subscribed to {e.event_type} then; it was {state}.",
        source=_source(deed, "registry: nothing was changed about it since"),
        at=deed.at if deed else e.subscription.created,
    )


def queue(e: Evidence) -> Finding:
    """Whether its queue was there then, and still is."""
    if e.arrived:
        return _received(e, "Queue then")
    if _removed(e):  # what an operation took away is told by the operation
        return Finding(
            about="Queue then",
            mark=Mark.UNKNOWN,
            sentence="It was worked on since; see what became of its events below.",
            source="operations",
        )
    if anew := _made_since(e):
        sentence = (
            f"Its queue was missing until {anew.by} made it at {clock(anew.at, e.now)}, after the "
            "event, which therefore cannot be in it."
        )
        return _lost(e, "Queue then", Kind.NO_QUEUE, sentence, _source(anew, ""), anew.at)
    return _there(e, e.queue, "queue", Kind.NO_QUEUE)


def bound(e: Evidence) -> Finding:
    """Whether its queue was bound to the event's exchange then."""
    if e.arrived:
        return _received(e, "Binding then")
    return _there(e, e.binding, "binding", Kind.NOT_BOUND)


def subscribed_now(e: Evidence) -> Finding | None:
    """What the subscription is now."""
    if e.subscription is None:
        return None
    last = next((one for one in reversed(e.subscription.history) if one.after), None)
    return Finding(
        about="Subscription now",
        mark=Mark.PROVEN,
        sentence=f"It is {e.subscription.state}." + (f" {_who(last)}." if last else ""),
        source=_source(last, "registry"),
        at=last.at if last else e.subscription.created,
        step=_page(e),
    )


def _there(e: Evidence, thing: Thing | None, what: str, kind: Kind) -> Finding:
    about, moment = f"{what.capitalize()} then", e.moment or e.now
    if thing is None or thing.sync == "unknown":
        why = "the broker cannot be read" if not e.look.reachable else "nobody looked yet"
        return _unknown(about, f"Whether its {what} was there cannot be known: {why}.", e)
    since = clock(thing.since, e.now)
    if thing.there and thing.since <= moment:
        return Finding(
            about=about,
            mark=Mark.PROVEN,
            sentence=f"Its {what} is there, without a change since {since}.",
            source=_looked(e),
            at=thing.since,
        )
    if thing.there:
        return _unknown(
            about,
            f"Its {what} is as it is since {since}, which is after the event. Whether it was there "
            f"before cannot be known{_by_whom(e, thing)}.",
            e,
        )
    return _missing(e, thing, about, what, kind)


def _missing(e: Evidence, thing: Thing, about: str, what: str, kind: Kind) -> Finding:
    since, moment = clock(thing.since, e.now), e.moment or e.now
    if thing.since > moment and what == "binding":
        return Finding(
            about=about,
            mark=Mark.ASIDE,
            sentence=f"Its binding is missing since {since}, after this event: later ones do not "
            "come.",
            source=_looked(e),
            at=thing.since,
            step=Step(label="Drift", route="drift", query=(("sync", "missing"),)),
        )
    lost = (
        f"Its queue is missing since {since}, and what it held is gone with it."
        if thing.since > moment
        else f"Its {what} was missing then, since {since}: the event had no way to it."
    )
    return _lost(e, about, kind, lost, _looked(e), thing.since)


def _lost(e: Evidence, about: str, kind: Kind, sentence: str, source: str, at: datetime) -> Finding:
    return Finding(
        about=about,
        mark=Mark.STOPPED,
        sentence=sentence,
        source=source,
        at=at,
        advice="Look at Drift that all of it is there now, then have the event published again: it "
        "does not come back by itself.",
        step=Step(label="Look at Drift", route="drift", query=(("service", e.service),)),
        verdict=Verdict(
            kind=kind, sentence=f"{e.event_type} did not reach {e.service}. {sentence}"
        ),
    )


def _made_since(e: Evidence) -> Deed | None:
    """Return what made the queue after the event: just before that it was not there."""
    moment = e.moment
    if moment is None:
        return None
    made = (one for one in e.made if one.kind == "queue" and one.verb == "created")
    return next((one for one in made if one.at > moment), None)


def _not_live(e: Evidence, state: str, deed: Deed | None) -> Finding:
    said = f"{e.service} had no subscription to {e.event_type} then"
    if state == "retired" and deed is not None:
        said = f"{said}: {deed.by} retired it at {clock(deed.at, e.now)}"
    elif state == "" and e.subscription is not None:
        said = f"{said}: it is subscribed since {clock(e.subscription.created, e.now)}"
    elif state:
        said = f"{said}: it was {state}"
    return _not_subscribed(e, f"{said}.", deed)


def _not_subscribed(e: Evidence, sentence: str, deed: Deed | None = None) -> Finding:
    live = e.subscription is not None and e.subscription.state in _LIVE
    step = Step(
        label="Subscribe it",
        route="subscription-new",
        query=(("service", e.service), ("event_type", e.event_type)),
    )
    if live or not e.registered:
        advice = "Have the event published again, if it is needed: it never went there."
    else:
        advice = "Subscribe it, and later events come. This one has to be published again."
    return Finding(
        about="Subscription then",
        mark=Mark.STOPPED,
        sentence=sentence,
        source=_source(deed, "registry"),
        at=deed.at if deed else (e.subscription.created if e.subscription else None),
        advice=advice,
        step=_page(e) if live or not e.registered or not e.lifecycle else step,
        verdict=Verdict(kind=Kind.NOT_SUBSCRIBED, sentence=sentence),
    )


def _received(e: Evidence, about: str) -> Finding:
    witness = e.receipt.worker if e.receipt else f"dead letter {e.letters[-1].id}"
    at = e.receipt.at if e.receipt else e.letters[-1].died
    source = f"receipt of {witness or e.service}" if e.receipt else witness
    return Finding(about=about, mark=Mark.PROVEN, sentence=_RECEIVED, source=source, at=at)


def _removed(e: Evidence) -> bool:
    return bool(e.moved) and (e.moment is None or e.moved[0].at >= e.moment)


def _page(e: Evidence) -> Step | None:
    if e.subscription is None:
        return None
    return Step(label="Subscription", route="subscription", args=(e.event_type, e.service))


def _by_whom(e: Evidence, thing: Thing) -> str:
    after = [one for one in e.made if e.moment is None or one.at > e.moment]
    if not after or thing.since < after[0].at:
        return ""
    last = after[-1]
    return f"; {last.by} {last.verb} it at {clock(last.at, e.now)}"


def _unknown(about: str, sentence: str, e: Evidence) -> Finding:
    return Finding(
        about=about, mark=Mark.UNKNOWN, sentence=sentence, source=_looked(e), at=e.look.at
    )


def _looked(e: Evidence) -> str:
    if e.look.at is None:
        return "the broker was never looked at"
    return f"last look at the broker at {clock(e.look.at, e.now)}"


def _source(deed: Deed | None, otherwise: str) -> str:
    return f"audit entry {deed.id}: {_who(deed)}" if deed else otherwise


def _who(deed: Deed) -> str:
    return f"{deed.by} {deed.verb} it"
