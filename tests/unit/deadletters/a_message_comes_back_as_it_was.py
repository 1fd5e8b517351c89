"""What a row keeps of a message is all of it, whatever its headers hold."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from bus_core.message import Delivery, Message
from eventbus_admin.deadletters.wire import delivery_of, properties_text

_TIMES = some.datetimes(min_value=datetime(1980, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001
_PLAIN = (
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    | some.text()
    | some.binary()
    | some.floats(allow_nan=False)
    | _TIMES
    | some.decimals(allow_nan=False, allow_infinity=False).map(Decimal)
)
_VALUES = some.recursive(
    _PLAIN,
    lambda inner: some.lists(inner) | some.dictionaries(some.text() | some.just("$"), inner),
    max_leaves=10,
)


@given(
    headers=some.dictionaries(some.text(min_size=1), _VALUES),
    body=some.binary(),
    message_id=some.none() | some.text(),
    timestamp=some.none() | some.integers(0, 2**63 - 1),
    persistent=some.booleans(),
)
def test_any_message(**fields: object) -> None:
    message = Message(**fields)  # type: ignore[arg-type]
    delivery = Delivery(message=message, queue="q", exchange="e\0", routing_key="ключ")

    text = properties_text(delivery)
    back = delivery_of(text, message.body, "q")

    assert text.isascii()
    assert back == delivery


def test_how_often_it_was_looked_at_is_no_part_of_it() -> None:
    once = Delivery(message=Message(body=b""), queue="q", exchange="", routing_key="")
    twice = Delivery(
        message=Message(body=b"", headers={"x-delivery-count": 2}),
        queue="q",
        exchange="",
        routing_key="",
    )
    assert properties_text(once) == properties_text(twice)
