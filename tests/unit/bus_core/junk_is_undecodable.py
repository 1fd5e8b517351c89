"""Whatever arrives, reading it gives an event or `UndecodableMessage`, and nothing else."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus_core.control import Directives
from bus_core.envelope import decode, with_meta
from bus_core.errors import UndecodableMessage
from bus_core.message import Message
from bus_core.reports import ANNOUNCEMENT_TYPE, RECEIPTS_TYPE, decode_report

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ALMOST_DATES = st.from_regex(r"\A\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?([+-]\d\d:\d\d|Z)?\Z")
ALMOST_EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event": VALUES
        | st.fixed_dictionaries(
            {},
            optional={
                "id": st.just("an id") | VALUES,
                "eventType": st.just("asked") | VALUES,
                "created": ALMOST_DATES | VALUES,
                "payload": VALUES,
            },
        ),
        "meta": VALUES
        | st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("attempts", "retries", "failures"), VALUES)
        ),
    },
)
MESSAGES = st.builds(
    Message,
    body=st.binary() | VALUES.map(lambda value: json.dumps(value).encode()),
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    correlation_id=st.none() | st.text(),
    headers=st.dictionaries(st.sampled_from(["ce-causationid", "other"]), VALUES),
    type=st.sampled_from([None, ANNOUNCEMENT_TYPE, RECEIPTS_TYPE, "other"]),
)


def read_it(message: Message) -> None:
    with suppress(UndecodableMessage):
        envelope = decode(message)
        with_meta(envelope, envelope.meta)


@given(MESSAGES)
def test_any_message_is_an_event_or_undecodable(message: Message) -> None:
    read_it(message)


@given(ALMOST_EVENTS, MESSAGES)
def test_any_json_is_an_event_or_undecodable(document: Any, message: Message) -> None:
    read_it(
        Message(
            body=json.dumps(document).encode(),
            timestamp=message.timestamp,
            correlation_id=message.correlation_id,
            headers=message.headers,
        )
    )


ALMOST_DIRECTIVES = st.fixed_dictionaries(
    {
        "subscriptions": VALUES
        | st.dictionaries(
            st.text(),
            st.fixed_dictionaries(
                {},
                optional={
                    "state": st.sampled_from(["active", "paused"]) | VALUES,
                    "kind": st.sampled_from(["quorum", "ordered"]) | VALUES,
                    "retry": VALUES
                    | st.fixed_dictionaries(
                        {
                            "attempts": st.integers() | VALUES,
                            "delays_ms": st.lists(st.integers()) | VALUES,
                        }
                    ),
                    "prefetch": st.integers() | VALUES,
                    "concurrency": st.integers() | VALUES,
                },
            ),
            max_size=3,
        )
    }
)


@given(st.one_of(VALUES, ALMOST_DIRECTIVES))
def test_any_json_is_directives_or_undecodable(document: Any) -> None:
    with suppress(UndecodableMessage):
        directives = Directives.decode(Message(body=json.dumps(document).encode()))
        for one in directives.subscriptions.values():
            assert one.prefetch is None or 1 <= one.prefetch <= 65_535
            assert one.concurrency is None or 1 <= one.concurrency <= 1_000


@given(MESSAGES)
def test_any_message_is_a_report_or_undecodable(message: Message) -> None:
    with suppress(UndecodableMessage):
        decode_report(message)
