"""Whether there is such an event; pure."""

from eventbus_admin.why.evidence import Evidence
from eventbus_admin.why.findings import Finding, Kind, Mark, Step, Verdict
from eventbus_admin.why.words import clock


def registered(e: Evidence) -> Finding | None:
    """Whether the registry knows the event type."""
    if not e.event_type:
        return None
    if not e.lifecycle:
        return Finding(
            about="Event type",
            mark=Mark.ASIDE,
            sentence=f"The registry knows no event type {e.event_type}.",
            source="registry",
            advice="Check its spelling, or register it.",
        )
    return Finding(
        about="Event type",
        mark=Mark.ASIDE if e.lifecycle == "retired" else Mark.PROVEN,
        sentence=f"{e.event_type} is registered; it is {e.lifecycle}.",
        source="registry",
    )


def published(e: Evidence) -> Finding:
    """Whether anybody saw it: the tap, or whoever handled it."""
    if e.published is not None:
        by = f" from {e.published.source}" if e.published.source else ""
        return Finding(
            about="Published",
            mark=Mark.PROVEN,
            sentence=f"The journal saw it{by} at {clock(e.published.seen, e.now)}.",
            source="journal",
            at=e.published.seen,
        )
    if e.arrived:
        return Finding(
            about="Published",
            mark=Mark.PROVEN,
            sentence=f"The journal does not have it (any more), yet {e.service} had it.",
            source=_witness(e),
        )
    return _unseen(e)


def allowed(e: Evidence) -> Finding | None:
    """Whether its source may publish it; what was published anyway came all the same."""
    if e.published is None:
        return None
    source = e.published.source
    if not source:
        return Finding(
            about="Its source",
            mark=Mark.UNKNOWN,
            sentence="The event does not say who published it.",
            source="journal",
        )
    if e.publication == "active":
        return Finding(
            about="Its source",
            mark=Mark.PROVEN,
            sentence=f"{source} may publish {e.event_type}.",
            source="registry, as it is now",
        )
    right = f"its right is {e.publication}" if e.publication else "nobody let it"
    return Finding(
        about="Its source",
        mark=Mark.ASIDE,
        sentence=f"{source} may not publish {e.event_type}: {right}. It came all the same.",
        source="registry, as it is now",
    )


def _unseen(e: Evidence) -> Finding:
    forgotten = "Events that are older than the journal, or that the feed dropped, are not in it."
    if e.journal.since is None:
        return _forgotten(e, "The journal holds no event at all, so it cannot tell.")
    reach = f"the journal reaches back to {clock(e.journal.since, e.now)}"
    if e.asked_at is not None and e.asked_at < e.journal.since:
        when = clock(e.asked_at, e.now)
        return _forgotten(e, f"What was published at {when} is forgotten: {reach}.")
    if e.journal.dropped:
        return _forgotten(
            e,
            f"The journal did not see it, but the feed dropped {e.journal.dropped:,} events since "
            f"it was started, and {reach}.",
        )
    sentence = f"It was never published, as far as this journal saw; {reach}."
    return Finding(
        about="Published",
        mark=Mark.STOPPED,
        sentence=f"Nobody saw it. {forgotten}",
        source=f"journal, {reach[len('the journal ') :]}; it dropped nothing since it was started",
        at=e.journal.since,
        advice="Look in the log of whoever publishes it: did publish return without an error, on "
        "this broker and in this virtual host?",
        step=Step(label="Look in the feed", route="feed", query=(("type", e.event_type),)),
        verdict=Verdict(kind=Kind.NOT_PUBLISHED, sentence=sentence),
    )


def _forgotten(e: Evidence, sentence: str) -> Finding:
    return Finding(
        about="Published",
        mark=Mark.UNKNOWN,
        sentence=sentence,
        source="journal",
        at=e.journal.since,
        advice="Whoever published it knows more: its log says whether publish returned.",
        verdict=Verdict(
            kind=Kind.UNKNOWN, sentence=f"Whether it was published cannot be known. {sentence}"
        ),
    )


def _witness(e: Evidence) -> str:
    if e.receipt is not None:
        return f"receipt of {e.receipt.worker or e.service}"
    return f"dead letter {e.letters[-1].id}"
