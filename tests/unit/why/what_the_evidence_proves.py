"""From what rows say to one answer: a case for each way that an event can take."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus_core.retry import RetryPolicy
from eventbus_admin.why.evidence import (
    Deed,
    Evidence,
    Journal,
    Letter,
    Look,
    Moved,
    Published,
    Receipt,
    Subscribed,
    Thing,
)
from eventbus_admin.why.explaining import explain
from eventbus_admin.why.findings import Kind, Mark
from eventbus_admin.why.subscribing import state_at

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SEEN = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
EARLY, LATE = SEEN - timedelta(hours=1), SEEN + timedelta(minutes=10)
RETRY = RetryPolicy(attempts=3, delays_ms=(1_000, 3_600_000))
ACTIVE = Subscribed(state="active", created=EARLY, retry=RETRY)
THERE = Thing(id=1, sync="in_sync", since=EARLY, there=True)
SEEN_EMPTY = Look(at=LATE, reachable=True, ready=0, consumers=1)
GOOD = Evidence(
    event_id="a_1",
    event_type="a",
    service="s",
    now=NOW,
    published=Published(seen=SEEN, source="p"),
    journal=Journal(since=EARLY, until=NOW),
    lifecycle="active",
    publication="active",
    subscription=ACTIVE,
    queue=THERE,
    binding=THERE,
    look=SEEN_EMPTY,
    workers=("w",),
    reports=True,
)
LETTER = Letter(
    id=7, state="waiting", died=LATE, since=LATE, attempts=3, error="Traceback\nKeyError: 'title'"
)


def receipt(outcome: str, **other: Any) -> Receipt:
    values = {"attempts": 1, "ms": 12.0, "error": "", "worker": "w", "at": LATE, **other}
    return Receipt(outcome=outcome, **values)


def letter(**other: Any) -> Evidence:
    return replace(GOOD, receipt=receipt("dead"), letters=(replace(LETTER, **other),))


def subscribed(state: str, *deeds: tuple[str, datetime], created: datetime = EARLY) -> Evidence:
    told = tuple(
        Deed(id=n, verb=after, at=at, by="otto", before="active", after=after)
        for n, (after, at) in enumerate(deeds)
    )
    return replace(
        GOOD,
        subscription=Subscribed(state=state, created=created, retry=RETRY, history=told),
        look=replace(SEEN_EMPTY, ready=4),
    )


UNSEEN = replace(GOOD, published=None)
NO_WORKER = replace(GOOD, workers=(), look=replace(SEEN_EMPTY, ready=1204, consumers=0, since=LATE))
GONE = Thing(id=1, sync="missing", since=LATE, there=False)
NEVER = replace(GONE, since=EARLY)
REMOVAL = Moved(
    id="abcdef123", kind="Removal", state="done", at=LATE, by="otto", quarantine=3, kept=1,
    outcome="kept",
)  # fmt: skip

CASES = {
    "handled": (
        replace(GOOD, receipt=receipt("handled")),
        Kind.ARRIVED,
        "It arrived: s handled it at 14:10 UTC.",
    ),
    "handled at the second attempt": (
        replace(GOOD, receipt=receipt("handled", attempts=2)),
        Kind.ARRIVED,
        "handled it at attempt 2",
    ),
    "handled, and the journal forgot it": (
        replace(UNSEEN, receipt=receipt("handled")),
        Kind.ARRIVED,
        "It arrived",
    ),
    "handled although nobody subscribed it": (
        replace(GOOD, subscription=None, receipt=receipt("handled")),
        Kind.ARRIVED,
        "It arrived",
    ),
    "never seen": (
        UNSEEN,
        Kind.NOT_PUBLISHED,
        "It was never published, as far as this journal saw; the journal reaches back to 13:00",
    ),
    "older than the journal": (
        replace(UNSEEN, asked_at=EARLY - timedelta(hours=1)),
        Kind.UNKNOWN,
        "is forgotten: the journal reaches back to 13:00 UTC",
    ),
    "the feed dropped some": (
        replace(UNSEEN, journal=Journal(since=EARLY, dropped=12)),
        Kind.UNKNOWN,
        "the feed dropped 12 events",
    ),
    "an empty journal": (replace(UNSEEN, journal=Journal()), Kind.UNKNOWN, "holds no event at all"),
    "no such service": (
        replace(GOOD, registered=False, subscription=None),
        Kind.NOT_SUBSCRIBED,
        "The registry knows no service s.",
    ),
    "no subscription": (
        replace(GOOD, subscription=None),
        Kind.NOT_SUBSCRIBED,
        "s has no subscription to a.",
    ),
    "subscribed later": (
        subscribed("active", created=LATE),
        Kind.NOT_SUBSCRIBED,
        "s had no subscription to a then: it is subscribed since 14:10 UTC.",
    ),
    "retired before": (
        subscribed("retired", ("retired", EARLY)),
        Kind.NOT_SUBSCRIBED,
        "otto retired it at 13:00 UTC",
    ),
    "only requested": (
        replace(GOOD, subscription=replace(ACTIVE, state="requested")),
        Kind.NOT_SUBSCRIBED,
        "it was requested",
    ),
    "retired since": (
        subscribed("retired", ("retired", LATE)),
        Kind.RETIRED,
        "was retired by otto at 14:10 UTC, before anybody took it",
    ),
    "paused": (
        subscribed("paused", ("paused", EARLY)),
        Kind.PAUSED,
        "It waits: s is paused by otto since 13:00 UTC; 4 events wait in its queue.",
    ),
    "paused, and its queue is empty": (
        replace(subscribed("paused", ("paused", EARLY)), look=SEEN_EMPTY),
        Kind.UNKNOWN,
        "its queue is empty and no receipt came",
    ),
    "queue missing then": (replace(GOOD, queue=NEVER), Kind.NO_QUEUE, "was missing then"),
    "queue deleted since": (
        replace(GOOD, queue=GONE),
        Kind.NO_QUEUE,
        "Its queue is missing since 14:10 UTC, and what it held is gone",
    ),
    "queue made since": (
        replace(
            GOOD,
            queue=replace(THERE, since=LATE),
            made=(Deed(id=4, verb="created", at=LATE, by="otto", kind="queue"),),
        ),
        Kind.NO_QUEUE,
        "Its queue was missing until otto made it at 14:10 UTC",
    ),
    "queue as it is since the event only": (
        replace(GOOD, queue=replace(THERE, since=LATE)),
        Kind.UNKNOWN,
        "its queue is empty and no receipt",
    ),
    "binding missing then": (replace(GOOD, binding=NEVER), Kind.NOT_BOUND, "had no way to it"),
    "binding removed since": (
        replace(GOOD, binding=GONE, look=replace(SEEN_EMPTY, ready=1)),
        Kind.WAITING,
        "1 event waits",
    ),
    "removed into quarantine": (
        replace(GOOD, queue=GONE, moved=(REMOVAL,)),
        Kind.QUARANTINED,
        "lies in quarantine, with 1 message",
    ),
    "no worker": (
        NO_WORKER,
        Kind.WAITING,
        "It waits: s has no worker since 14:10 UTC; 1,204 events wait in its queue.",
    ),
    "behind others": (
        replace(GOOD, look=replace(SEEN_EMPTY, ready=9)),
        Kind.WAITING,
        "9 events wait in its queue, and its workers have not come to it yet",
    ),
    "in a worker's hands": (
        replace(GOOD, look=replace(SEEN_EMPTY, unacked=1)),
        Kind.WAITING,
        "has 1 in its hands",
    ),
    "given back": (
        replace(NO_WORKER, receipt=receipt("returned")),
        Kind.WAITING,
        "It waits: s has no worker",
    ),
    "no receipt and an empty queue": (GOOD, Kind.UNKNOWN, "its queue is empty and no receipt"),
    "a service without the library": (
        replace(GOOD, reports=False, workers=()),
        Kind.UNKNOWN,
        "does not use bus_core",
    ),
    "a broker that is away": (
        replace(GOOD, look=Look(at=LATE)),
        Kind.UNKNOWN,
        "the broker cannot be read now",
    ),
    "looked at before it came": (
        replace(GOOD, look=replace(SEEN_EMPTY, at=EARLY)),
        Kind.UNKNOWN,
        "was not looked at since it was published",
    ),
    "retried": (
        replace(GOOD, receipt=receipt("retried", attempts=2, error="X\nHTTPError: 503")),
        Kind.RETRYING,
        "It reached s and failed twice: HTTPError: 503. The next attempt is due at 15:10 UTC.",
    ),
    "a retry that is overdue": (
        replace(NO_WORKER, receipt=receipt("retried")),
        Kind.RETRYING,
        "The next attempt was due at 14:10 UTC. No worker runs now.",
    ),
    "dead": (
        letter(),
        Kind.DEAD,
        "a_1 reached s three times and gave up at 14:10 UTC: KeyError: 'title'. It lies in the",
    ),
    "dead, and not taken in": (
        replace(GOOD, receipt=receipt("dead")),
        Kind.DEAD,
        "No dead letter of it is here",
    ),
    "about to be retried": (letter(state="prepared"), Kind.SENT_AGAIN, "about to be sent again"),
    "sent again": (letter(state="sent"), Kind.SENT_AGAIN, "nobody reported since"),
    "sent again, and retried since": (
        replace(
            letter(state="sent"), receipt=receipt("retried", at=LATE + timedelta(minutes=1))
        ),
        Kind.RETRYING,
        "failed once",
    ),
    "handled after a retry": (letter(state="handled"), Kind.ARRIVED, "It arrived at last"),
    "failed again": (letter(state="failed_again"), Kind.DEAD, "failed again"),
    "discarded": (
        letter(state="discarded", discard="x", discarded_by="mia"),
        Kind.DISCARDED,
        "mia discarded it at 14:10 UTC.",
    ),
    "edited": (letter(state="edited"), Kind.SENT_AGAIN, "A copy with an edited payload"),
    "handled, then a duplicate died": (
        replace(letter(), receipt=receipt("handled", at=SEEN)),
        Kind.DEAD,
        "gave up",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_way_has_its_answer(name: str) -> None:
    evidence, kind, words = CASES[name]
    answer = explain(evidence)
    assert (answer.verdict.kind, words in answer.verdict.sentence) == (kind, True), (
        answer.verdict.sentence
    )
    if kind is Kind.UNKNOWN:
        assert answer.opened is None
        assert answer.findings[-2 if evidence.subscription else -1].mark is Mark.UNKNOWN
    elif kind is Kind.ARRIVED:
        assert answer.opened is None
    else:
        assert answer.opened is not None
        assert answer.opened.advice


def test_where_it_stopped_comes_with_what_to_do() -> None:
    def step(name: str) -> tuple[str, bool]:
        opened = explain(CASES[name][0]).opened
        assert opened is not None
        assert opened.step is not None
        return opened.step.route, opened.step.post

    assert step("dead") == ("dead-letter", False)
    assert step("discarded") == ("dead-letters-restore", True)
    assert step("paused") == ("subscription-resume", True)
    assert step("queue deleted since") == ("drift", False)
    assert step("removed into quarantine") == ("quarantine", False)
    assert step("no subscription") == ("subscription-new", False)
    assert step("no worker") == ("subscription", False)


def test_an_edited_copy_leads_to_its_original() -> None:
    copy = replace(LETTER, id=8, state="sent", original=7, edited_by="mia", run="r")
    evidence = replace(letter(state="edited"), letters=(LETTER, copy))
    answer = explain(evidence)
    (edited,) = (one for one in answer.findings if one.about == "Edited")
    assert edited.sentence.startswith("mia edited it")
    assert edited.step is not None
    assert edited.step.args == (7,)


def test_a_receipt_from_before_the_event_tells_of_a_second_use_of_its_id() -> None:
    evidence = replace(GOOD, receipt=receipt("handled", at=EARLY))
    assert [one.about for one in explain(evidence).findings].count("Its id") == 1


@pytest.mark.parametrize(
    ("history", "created", "expected"),
    [
        ((), EARLY, "active"),
        ((), LATE, ""),
        ((("active", "paused", LATE),), EARLY, "active"),
        ((("", "active", EARLY), ("active", "paused", LATE)), EARLY, "active"),
        ((("active", "paused", EARLY), ("paused", "active", LATE)), EARLY, "paused"),
        ((("", "requested", LATE),), EARLY, None),
    ],
)
def test_the_state_then_is_read_from_the_trail(
    history: tuple[tuple[str, str, datetime], ...], created: datetime, expected: str | None
) -> None:
    told = tuple(
        Deed(id=n, verb="changed", at=at, by="otto", before=before, after=after)
        for n, (before, after, at) in enumerate(history)
    )
    subscription = Subscribed(state="active", created=created, retry=RETRY, history=told)
    assert state_at(subscription, SEEN)[0] == expected


moments = st.sampled_from([EARLY, SEEN, LATE, NOW])
things = st.none() | st.builds(
    Thing,
    id=st.just(1),
    sync=st.sampled_from(["in_sync", "missing", "unknown", "blocked"]),
    since=moments,
    there=st.booleans(),
)
receipts = st.none() | st.builds(
    receipt,
    st.sampled_from(["handled", "retried", "dead", "returned"]),
    attempts=st.integers(0, 12),
    error=st.text(max_size=9),
    at=moments,
)
letters = st.builds(
    Letter,
    id=st.integers(1, 9),
    state=st.sampled_from(
        ["waiting", "prepared", "sent", "handled", "failed_again", "edited", "discarded"]
    ),
    died=moments,
    since=moments,
    attempts=st.integers(0, 12),
    error=st.text(max_size=9),
    run=st.sampled_from(["", "r"]),
    original=st.none() | st.just(1),
    discard=st.sampled_from(["", "d"]),
)
deeds = st.builds(
    Deed,
    id=st.just(1),
    verb=st.just("changed"),
    at=moments,
    by=st.just("otto"),
    before=st.sampled_from(["", "active", "retired"]),
    after=st.sampled_from(["", "active", "paused", "retired", "requested"]),
)
STATES = ["requested", "active", "paused", "declined", "retired"]
subscriptions = st.none() | st.builds(
    Subscribed,
    state=st.sampled_from(STATES),
    created=moments,
    retry=st.just(RETRY),
    history=st.lists(deeds, max_size=3).map(tuple),
)
evidences = st.builds(
    Evidence,
    event_id=st.text(max_size=9),
    event_type=st.sampled_from(["", "a"]),
    service=st.just("s"),
    now=st.just(NOW),
    asked_at=st.none() | moments,
    published=st.none() | st.builds(Published, seen=moments, source=st.sampled_from(["", "p"])),
    journal=st.builds(Journal, since=st.none() | moments, dropped=st.integers(0, 2)),
    lifecycle=st.sampled_from(["", "active", "retired"]),
    registered=st.booleans(),
    publication=st.sampled_from(["", "active", "retired"]),
    subscription=subscriptions,
    queue=things,
    binding=things,
    look=st.builds(
        Look,
        at=st.none() | moments,
        reachable=st.booleans(),
        ready=st.none() | st.integers(0, 9),
        unacked=st.integers(0, 2),
        consumers=st.integers(0, 2),
        since=st.none() | moments,
    ),
    reports=st.booleans(),
    receipt=receipts,
    letters=st.lists(letters, max_size=2).map(tuple),
    moved=st.just(()) | st.just((REMOVAL,)),
)


@given(evidences)
@settings(max_examples=300, deadline=None)
def test_there_is_one_verdict_and_at_most_one_place_where_it_stopped(evidence: Evidence) -> None:
    answer = explain(evidence)
    verdicts = [one.verdict for one in answer.findings if one.verdict is not None]
    stopped = [one for one in answer.findings if one.mark is Mark.STOPPED]
    assert verdicts == [answer.verdict]
    assert answer.verdict.sentence.endswith(".")
    assert stopped == ([answer.opened] if answer.opened else [])
    assert all(one.sentence and one.source for one in answer.findings)
    if evidence.arrived:
        assert answer.verdict.kind not in {Kind.NOT_PUBLISHED, Kind.NOT_SUBSCRIBED, Kind.NO_QUEUE}
