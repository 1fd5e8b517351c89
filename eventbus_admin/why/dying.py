"""What gave up; pure."""

from collections.abc import Mapping

from eventbus_admin.why.evidence import Evidence, Letter, Receipt
from eventbus_admin.why.findings import Finding, Kind, Mark, Step, Verdict
from eventbus_admin.why.words import clock, last_line, times

_TOLD: Mapping[str, tuple[Kind, str, str]] = {
    "waiting": (
        Kind.DEAD,
        "It lies in the dead letters.",
        "Read the error, mend it, then retry it.",
    ),
    "prepared": (
        Kind.SENT_AGAIN,
        "It is about to be sent again.",
        "Its run says how far it is.",
    ),
    "sent": (
        Kind.SENT_AGAIN,
        "It was sent again at {since}, and nobody reported since.",
        "It waits in its queue: look whether a worker runs.",
    ),
    "discarded": (
        Kind.DISCARDED,
        "{who} discarded it at {since}.",
        "Restore it, and it waits for a person again.",
    ),
    "edited": (
        Kind.SENT_AGAIN,
        "A copy with an edited payload was sent in its place at {since}.",
        "Its page leads to the copy.",
    ),
    "failed_again": (
        Kind.DEAD,
        "It was sent again, and failed again.",
        "Its new dead letter comes within seconds; read that one's error.",
    ),
}
"""By its state: what became of it, how that is said, and what to do."""


def told(e: Evidence, letter: Letter) -> Finding:
    """Say where its latest dead letter stands."""
    error = last_line(letter.error)
    gave_up = (
        f"reached {e.service} {times(letter.attempts)} and gave up at "
        f"{clock(letter.died, e.now)}{f': {error}' if error else ''}"
    )
    if letter.state == "handled":
        return _handled(e, letter, gave_up)
    kind, said, advice = _TOLD[letter.state]
    since, who = clock(letter.since, e.now), letter.discarded_by or "Somebody"
    sentence = f"{gave_up}. {said.format(since=since, who=who)}"
    worker = f"; worker {letter.worker}" if letter.worker else ""
    return Finding(
        about="Dead letter",
        mark=Mark.STOPPED,
        sentence=f"It {sentence}",
        source=f"dead letter {letter.id}{worker}",
        at=letter.since,
        advice=advice,
        step=_step(letter),
        verdict=Verdict(kind=kind, sentence=f"{e.event_id} {sentence}"),
    )


def unlettered(e: Evidence, receipt: Receipt) -> Finding:
    """Say that it gave up, where no dead letter is kept."""
    error = last_line(receipt.error)
    sentence = (
        f"{e.event_id} reached {e.service} {times(receipt.attempts)} and gave up at "
        f"{clock(receipt.at, e.now)}{f': {error}' if error else ''}. No dead letter of it is here: "
        "it is not taken in yet, or was settled and forgotten."
    )
    return Finding(
        about="Gave up",
        mark=Mark.STOPPED,
        sentence=sentence,
        source=f"receipt of {receipt.worker or e.service}",
        at=receipt.at,
        advice="Look among the service's dead letters.",
        step=Step(label="Dead letters", route="dead-letters", query=(("service", e.service),)),
        verdict=Verdict(kind=Kind.DEAD, sentence=sentence),
    )


def _handled(e: Evidence, letter: Letter, gave_up: str) -> Finding:
    return Finding(
        about="Dead letter",
        mark=Mark.PROVEN,
        sentence=f"It {gave_up}. Sent again, it was handled by {clock(letter.since, e.now)}.",
        source=f"dead letter {letter.id}",
        at=letter.since,
        step=_page(letter),
        verdict=Verdict(
            kind=Kind.ARRIVED,
            sentence=f"It arrived at last: {e.service} handled it after a retry.",
        ),
    )


def _step(letter: Letter) -> Step:
    if letter.state == "discarded" and letter.discard:
        args = (letter.discard,)
        return Step(label="Restore it", route="dead-letters-restore", args=args, post=True)
    if letter.state in {"prepared", "sent"} and letter.run:
        return Step(label="Open its run", route="retry-run", args=(letter.run,))
    return _page(letter)


def _page(letter: Letter) -> Step:
    return Step(label="Open the dead letter", route="dead-letter", args=(letter.id,))
