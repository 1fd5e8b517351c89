"""Values that a subscription cannot work with are refused, with the field and what is possible."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry.actions import change_subscription, create_subscription
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service, Subscription

WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"retry_attempts": 0}, "invalid_retry", "retry_attempts", "between 1 and 1000"),
    ({"retry_attempts": 1001}, "invalid_retry", "retry_attempts", "between 1 and 1000"),
    ({"retry_delays_ms": []}, "invalid_retry", "retry_delays_ms", "at least one"),
    ({"retry_delays_ms": [60_000, 1000]}, "invalid_retry", "retry_delays_ms", "rising"),
    ({"retry_delays_ms": [1000, 1000]}, "invalid_retry", "retry_delays_ms", "rising"),
    (
        {"retry_delays_ms": [1000, 5000]},
        "invalid_retry",
        "retry_delays_ms",
        "5000 ms is not on this bus's ladder of retry delays: choose from 1000, 60000, 600000 ms",
    ),
    ({"prefetch": 0}, "invalid_prefetch", "prefetch", "between 1 and 10000"),
    ({"prefetch": 10_001}, "invalid_prefetch", "prefetch", "between 1 and 10000"),
    ({"concurrency": 0}, "invalid_concurrency", "concurrency", "between 1 and 256"),
    ({"concurrency": 257}, "invalid_concurrency", "concurrency", "between 1 and 256"),
]
wrong = pytest.mark.parametrize(("wishes", "code", "field", "sentence"), WRONG)


@pytest.fixture
def ends(
    make_event_type: Callable[..., EventType], make_service: Callable[..., Service]
) -> dict[str, Any]:
    return {
        "event_type": make_event_type("exportRequested"),
        "service": make_service("export-manager"),
    }


@wrong
def test_when_subscribing(
    wishes: dict[str, Any], code: str, field: str, sentence: str, ends: dict[str, Any]
) -> None:
    with pytest.raises(ActionError) as refusal:
        create_subscription(actor=SYSTEM, **ends, **wishes)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert sentence in refusal.value.message
    assert not Subscription.objects.exists()


@wrong
def test_when_changing(
    wishes: dict[str, Any], code: str, field: str, sentence: str, ends: dict[str, Any]
) -> None:
    subscription = create_subscription(actor=SYSTEM, **ends)
    before = Subscription.objects.values().get()

    with pytest.raises(ActionError) as refusal:
        change_subscription(actor=SYSTEM, subscription=subscription, **wishes)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert Subscription.objects.values().get() == before


def test_an_unknown_kind(ends: dict[str, Any]) -> None:
    with pytest.raises(ActionError) as refusal:
        create_subscription(actor=SYSTEM, **ends, kind="lazy")

    assert refusal.value.code == "invalid_kind"
    assert refusal.value.message == "'lazy' is not a kind; choose quorum, ordered, classic."


@pytest.mark.parametrize("field", ["prefetch", "concurrency"])
def test_an_ordered_one_handles_one_event_at_a_time(field: str, ends: dict[str, Any]) -> None:
    with pytest.raises(ActionError, match="one event at a time"):
        create_subscription(actor=SYSTEM, **ends, kind="ordered", **{field: 2})

    subscription = create_subscription(actor=SYSTEM, **ends, kind="ordered", **{field: 1})
    with pytest.raises(ActionError, match="one event at a time"):
        change_subscription(actor=SYSTEM, subscription=subscription, **{field: 2})


def test_the_ladder_is_a_setting(ends: dict[str, Any], settings: Any) -> None:
    settings.EVENTBUS_RETRY_DELAYS_MS = (5, 50)

    subscription = create_subscription(actor=SYSTEM, **ends)

    assert subscription.retry_delays_ms == [5, 50]
    with pytest.raises(ActionError, match="choose from 5, 50 ms"):
        change_subscription(actor=SYSTEM, subscription=subscription, retry_delays_ms=[2000])


def test_steps_that_left_the_ladder_do_not_block_other_changes(
    ends: dict[str, Any], settings: Any
) -> None:
    subscription = create_subscription(actor=SYSTEM, **ends)
    settings.EVENTBUS_RETRY_DELAYS_MS = (5, 50)

    change_subscription(
        actor=SYSTEM, subscription=subscription, retry_attempts=3, retry_delays_ms=[1000, 60_000]
    )

    stored = Subscription.objects.get()
    assert (stored.retry_attempts, stored.retry_delays_ms) == (3, [1000, 60_000])


def test_none_leaves_a_value_to_the_code(ends: dict[str, Any]) -> None:
    subscription = create_subscription(actor=SYSTEM, **ends, prefetch=7, concurrency=3)

    change_subscription(actor=SYSTEM, subscription=subscription, prefetch=None)

    stored = Subscription.objects.get()
    assert (stored.prefetch, stored.concurrency) == (None, 3)
