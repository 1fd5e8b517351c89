"""Every page says which broker it talks about, whether it answers, and what needs a person."""

from collections.abc import Callable

from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import ReconcileState
from eventbus_admin.registry.models import Subscription


def test_a_broker_that_does_not_answer_is_a_red_sentence(
    silent_broker: ReconcileState, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/services/").content.decode()
    assert "The broker cannot be read." in html
    assert silent_broker.error in html
    assert "5 min ago" in html


def test_an_answering_broker_is_named(
    answering_broker: ReconcileState,
    viewer: User,
    signed_in: Callable[[User], Client],
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    html = signed_in(viewer).get("/services/").content.decode()
    assert "RabbitMQ 4.1.4" in html
    assert "The broker cannot be read." not in html
    assert "Embedded broker" not in html


def test_the_embedded_broker_says_that_its_messages_do_not_last(
    answering_broker: ReconcileState,
    viewer: User,
    signed_in: Callable[[User], Client],
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    html = signed_in(viewer).get("/services/").content.decode()
    assert "Embedded broker: messages live only as long as this process." in html


def test_the_rail_counts_what_needs_a_person(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    items = {item.name: item.badge for item in signed_in(viewer).get("/").context["shell"].items}
    assert items["Subscriptions"] == 1
    assert items["Drift"] == 1
    assert items["Feed"] == 0


def test_before_the_first_look_it_says_so(
    viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/").content.decode()
    assert "not read yet" in html


def test_a_fragment_refreshes_banner_and_broker(
    silent_broker: ReconcileState, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/pulse/").content.decode()
    assert 'id="broker"' in html
    assert 'id="banners" hx-swap-oob' in html
    assert "<html" not in html


def test_the_theme_of_the_cookie_is_rendered(
    viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(viewer)
    assert '<html lang="en" data-theme="auto">' in client.get("/feed/").content.decode()
    client.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in client.get("/feed/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert '<html lang="en" data-theme="auto">' in client.get("/feed/").content.decode()
