"""Ages, delays, states and differences read as a person would say them."""

from datetime import UTC, datetime, timedelta

import pytest

from bus_core.retry import RetryPolicy
from eventbus_admin.console.differences import Line, differences
from eventbus_admin.console.links import page_of, shown_name
from eventbus_admin.console.looks import look_of
from eventbus_admin.console.snippets import publisher, service, subscriber
from eventbus_admin.console.templatetags.console import ladder
from eventbus_admin.console.times import ago, duration
from eventbus_admin.reconcile.models import Health, Run, Sync
from eventbus_admin.registry.states import Lifecycle, SubscriptionState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=20), "3 Nov 2026"),
    ],
)
def test_an_age(age: timedelta, words: str) -> None:
    assert ago(NOW - age, NOW) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(250, "250 ms"), (1_000, "1 s"), (1_500, "1.5 s"), (600_000, "10 min"), (7_200_000, "2 h")],
)
def test_a_delay(milliseconds: int, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    "state", [*Sync, *Health, *SubscriptionState, *Lifecycle, *Run.State, "handled", "dead"]
)
def test_each_state_has_a_tone_and_a_word(state: str) -> None:
    look = look_of(state)
    assert look.tone in {"ok", "warn", "bad", "idle", "act"}
    assert look.word[0].isupper()


def test_a_state_that_nobody_knows_is_grey() -> None:
    assert look_of("half_open").tone == "idle"
    assert look_of("half_open").word == "Half open"
    assert look_of(None).word == "Unknown"


def test_the_steps_of_a_retry_ladder() -> None:
    steps = ladder(RetryPolicy(attempts=6, delays_ms=(1_000, 60_000)))["steps"]
    assert steps == [
        {"delay": 1_000, "first": 2, "last": 2},
        {"delay": 60_000, "first": 3, "last": 6},
    ]
    assert ladder(RetryPolicy(attempts=1))["steps"] == []


def test_differences_come_before_what_is_the_same() -> None:
    should = {"durable": True, "arguments": {"x-queue-type": "quorum", "x-overflow": "reject"}}
    found = {"durable": True, "arguments": {"x-queue-type": "classic", "x-max-length": 5}}
    assert differences(should, found) == [
        Line("arguments.x-max-length", None, 5, "only_found"),
        Line("arguments.x-overflow", "reject", None, "only_should"),
        Line("arguments.x-queue-type", "quorum", "classic", "changed"),
        Line("durable", True, True, "same"),
    ]


def test_an_object_that_is_only_on_one_side() -> None:
    assert [line.state for line in differences(None, {"durable": True})] == ["only_found"]
    assert [line.state for line in differences({"durable": True}, None)] == ["only_should"]
    assert differences(None, None) == []


@pytest.mark.parametrize(
    ("kind", "name", "page"),
    [
        ("event_type", "exportRequested", "/event-types/exportRequested/"),
        ("service", "notifier", "/services/notifier/"),
        ("subscription", "a/b", "/subscriptions/a/b/"),
        ("publication", "a/b", "/event-types/a/"),
        (
            "run",
            "00000000-0000-0000-0000-000000000001",
            "/runs/00000000-0000-0000-0000-000000000001/",
        ),
        ("run", "never", None),
        ("subscription", "a", None),
        ("service", "", None),
        ("user", "mia", None),
    ],
)
def test_what_an_audit_entry_is_about_has_a_page(kind: str, name: str, page: str | None) -> None:
    assert page_of(kind, name) == page


def test_an_arrow_points_the_way_that_events_take() -> None:
    assert shown_name("subscription", "exportRequested/notifier").startswith("exportRequested")
    assert shown_name("publication", "exportRequested/submission").startswith("submission")
    assert shown_name("service", "notifier") == "notifier"


@pytest.mark.parametrize(
    "source",
    [
        subscriber("exportRequested", "export-manager"),
        service("export-manager", ["begin.Meca"], ["export-Requested"]),
        service("export-manager", ["beginMeca"], []),
        service("export-manager", [], []),
        publisher("exportRequested", "submission", {"ok": True, "none": None, "list": [1, False]}),
        publisher("exportRequested", "submission"),
    ],
)
def test_code_samples_are_python(source: str) -> None:
    compile(source, "sample", "exec")
