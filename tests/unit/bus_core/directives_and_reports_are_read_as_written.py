"""What the registry says to workers, and what workers say to the registry."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_core.control import Directives, SubscriptionDirective
from bus_core.errors import UndecodableMessage
from bus_core.message import Message
from bus_core.reports import (
    Announcement,
    Receipt,
    decode_report,
    encode_announcement,
    encode_receipts,
)
from bus_core.retry import RetryPolicy
from bus_core.topology import QueueKind

POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 1000),
    delays_ms=st.sets(st.integers(1, 86_400_000), min_size=1, max_size=5).map(
        lambda delays: tuple(sorted(delays))
    ),
)
DIRECTIVES = st.builds(
    SubscriptionDirective,
    state=st.sampled_from(["active", "paused", "retired"]),
    kind=st.none() | st.sampled_from(list(QueueKind)),
    retry=st.none() | POLICIES,
    prefetch=st.none() | st.integers(1, 65_535),
    concurrency=st.none() | st.integers(1, 1000),
)


@given(st.dictionaries(st.from_regex(r"\A[a-z]{1,9}\Z"), DIRECTIVES, max_size=4))
def test_directives(subscriptions: dict[str, SubscriptionDirective]) -> None:
    directives = Directives(subscriptions=subscriptions)
    assert Directives.decode(directives.encode()) == directives


def test_what_a_directive_leaves_out_is_left_to_the_code() -> None:
    body = json.dumps({"subscriptions": {"asked": {}}, "unknown": 1}).encode()
    assert Directives.decode(Message(body=body)).subscriptions == {"asked": SubscriptionDirective()}


@pytest.mark.parametrize(
    "directive",
    [
        {"prefetch": 0},
        {"prefetch": "many"},
        {"prefetch": 65_536},
        {"concurrency": 1001},
        {"concurrency": 1.5},
        {"kind": "unknown"},
        {"retry": {"attempts": 0, "delays_ms": [1]}},
        {"retry": {"attempts": 1}},
        {"retry": {"attempts": 1, "delays_ms": []}},
        [],
    ],
    ids=str,
)
def test_a_directive_that_no_worker_could_follow_is_undecodable(directive: object) -> None:
    body = json.dumps({"subscriptions": {"asked": directive}}).encode()
    with pytest.raises(UndecodableMessage):
        Directives.decode(Message(body=body))


def test_an_announcement() -> None:
    announcement = Announcement(
        service="meca-exporter",
        worker="host/7/ab",
        host="host",
        pid=7,
        version="0.1.0",
        subscriptions=("asked", "answered"),
        paused=("other",),
        started="2026-11-23T18:39:11.034Z",
        leaving=True,
    )
    message = encode_announcement(announcement)
    assert decode_report(message) == announcement
    assert (message.persistent, message.app_id) == (False, "meca-exporter")


def test_receipts() -> None:
    receipts = [
        Receipt(
            event_id=f"id {number}",
            event_type="asked",
            service="meca-exporter",
            outcome="retried",
            attempts=number,
            ms=1.25,
            at="2026-11-23T18:39:11.034Z",
            worker="host/7/ab",
            error="žluťoučký",
        )
        for number in range(3)
    ]
    assert decode_report(encode_receipts("meca-exporter", receipts)) == receipts
