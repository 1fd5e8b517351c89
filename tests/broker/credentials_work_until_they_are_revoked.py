"""Credentials on a real broker: the library works with them, and rights end when they are taken."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pika
import pytest

from bus_core import AccessRefused, Event, Reject, RetryPolicy, connect
from bus_core.connecting import open_link
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.broker.users import connection_url
from eventbus_admin.reconcile.cycle import Round, reconcile_once
from eventbus_admin.reconcile.directives import DirectiveSender
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.reconcile.removing import remove_unmanaged_user
from eventbus_admin.registry.actions import (
    Issued,
    allow_publication,
    create_event_type,
    create_service,
    create_subscription,
    issue_credential,
    pause_subscription,
    reissue_credential,
    resume_subscription,
    retire_publication,
    revoke_credentials,
)
from eventbus_admin.registry.models import Publication, Service, Subscription
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

ME = "meca-exporter"
SOON = RetryPolicy(attempts=2, delays_ms=(1000,))


class World:
    """A registry, a broker, and what brings one to the other."""

    def __init__(self, rabbit: Vhost) -> None:
        self.rabbit = rabbit
        self.broker = RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url)
        self.fence = Leadership().renew()

    def apply(self, **options: Any) -> Round:
        done = reconcile_once(self.broker, fence=self.fence, **options)
        assert (done.failed, done.error) == ((), "")
        return done

    def issue(self, act: Callable[..., Issued] = issue_credential, **options: Any) -> str:
        issued = act(actor=SYSTEM, service=ME, **options)
        self.apply()
        return connection_url(issued.credential.user, issued.secret)

    def login(self, slot: str = "a") -> str:
        return quote(f"bus__{ME}__{slot}@{self.rabbit.vhost}", safe="")


@pytest.fixture
def world(rabbit: Vhost, settings: Any, db: None) -> World:
    """A service that publishes Pub and listens to A and B; its kind is the test's affair."""
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = settings.EVENTBUS_PUBLIC_AMQP_URL = rabbit.amqp_url
    Team.objects.create(name="Journals")
    create_service(actor=SYSTEM, name=ME, owner="Journals", kind="integrator")
    for name in ("Pub", "A", "B"):
        create_event_type(actor=SYSTEM, name=name, owner="Journals")
    for name in ("A", "B"):
        create_subscription(
            actor=SYSTEM, service=ME, event_type=name, retry_attempts=2, retry_delays_ms=[1000]
        )
    allow_publication(actor=SYSTEM, service=ME, event_type="Pub")
    return World(rabbit)


@pytest.fixture
def open_connection() -> Iterator[Callable[[str], pika.BlockingConnection]]:
    opened: list[pika.BlockingConnection] = []

    def open_one(url: str) -> pika.BlockingConnection:
        opened.append(pika.BlockingConnection(pika.URLParameters(url)))
        return opened[-1]

    yield open_one
    for one in opened:
        if one.is_open:
            one.close()


def is_closed(connection: pika.BlockingConnection) -> bool:
    try:
        connection.process_data_events(0)
    except pika.exceptions.AMQPError:
        return True
    return False


def lets_in(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(url)).close()
    except pika.exceptions.AMQPConnectionError:
        return False
    return True


def publish(connection: pika.BlockingConnection, exchange: str) -> None:
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(exchange, "", b"{}")
    channel.close()


# -- the library --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["integrator", "internal"])
def test_the_library_works_with_them(world: World, kind: str) -> None:
    """An integrator's declares nothing, one of our own declares as it is used to."""
    Service.objects.update(kind=kind)
    url = world.issue()
    link = open_link(world.rabbit.amqp_url, client_name="admin")
    sender = DirectiveSender(link)
    sender.follow(world.apply())
    handled: list[Any] = []
    with (
        connect(world.rabbit.amqp_url, service="admin") as admin,
        connect(url, service=ME, declare=kind == "internal") as bus,
    ):

        @bus.subscribe("A", retry=SOON)
        def fail_once(event: Event) -> bool:
            handled.append(event.payload)
            return handled.count(event.payload) > 1

        @bus.subscribe("B", retry=SOON)
        def reject(event: Event) -> None:
            handled.append(event.payload)
            raise Reject("never")

        bus.start()
        bus.publish(Event("Pub"))
        with pytest.raises(AccessRefused):
            bus.publish(Event("A"))
        bus.publish(Event("Pub"))
        admin.publish(Event("A", "again"))
        admin.publish(Event("B", "never"))
        wait_until(lambda: sorted(handled) == ["again", "again", "never"])
        # A pause, and what waited meanwhile.
        subscription = Subscription.objects.get(event_type__name="A")
        pause_subscription(actor=SYSTEM, subscription=subscription)
        sender.follow(world.apply())
        wait_until(lambda: world.rabbit.api("GET", "consumers/{vhost}") and paused(world))
        admin.publish(Event("A", "later"))
        resume_subscription(actor=SYSTEM, subscription=subscription)
        sender.follow(world.apply())
        wait_until(lambda: handled.count("later") == 2)
    link.close()
    connection = world.rabbit.connect()
    method, properties, _ = connection.channel().basic_get(f"dead__{ME}", auto_ack=True)
    assert method
    assert properties.headers["bus-dead-reason"] == "rejected"
    connection.close()


def paused(world: World) -> bool:
    rows = world.rabbit.api("GET", "consumers/{vhost}")
    return f"consumer__A__{ME}" not in {row["queue"]["name"] for row in rows}


def test_a_service_of_our_own_makes_again_what_is_missing(world: World) -> None:
    Service.objects.update(kind="internal")
    url = world.issue()
    queue = f"consumer__A__{ME}"
    for name in (queue, f"dead__{ME}", f"retry__{ME}__1000"):
        world.rabbit.api("DELETE", f"queues/{{vhost}}/{name}")
    for name in (f"dead__{ME}", f"retry__{ME}__1000", f"service__{ME}"):
        world.rabbit.api("DELETE", f"exchanges/{{vhost}}/{name}")
    handled: list[Any] = []
    with (
        connect(world.rabbit.amqp_url, service="admin") as admin,
        connect(url, service=ME) as bus,
    ):
        for event_type in ("A", "B"):
            bus.subscribe(event_type, retry=SOON)(lambda event: handled.append(event.payload))
        bus.start()
        wait_until(lambda: bound(world, queue) and bound(world, f"consumer__B__{ME}"))
        admin.publish(Event("A", 1))
        wait_until(lambda: handled == [1])
    assert world.apply().plan.steps == ()


def bound(world: World, queue: str) -> bool:
    rows = [row for row in world.rabbit.api("GET", "bindings/{vhost}") if row["source"]]
    return len([row for row in rows if row["destination"] == queue]) == 2


# -- taken away ---------------------------------------------------------------------------------


def test_revoking_ends_connections_and_lets_nobody_in(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    url = world.issue()
    connection = open_connection(url)
    publish(connection, "event__Pub")
    revoke_credentials(actor=SYSTEM, service=ME)
    world.apply()
    wait_until(lambda: is_closed(connection))
    assert not lets_in(url)
    assert not [one for one in world.broker.observe().grants if ME in one.user]


def test_a_publication_taken_back_ends_even_on_open_channels(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    """RabbitMQ lets an open channel go on with what it once allowed."""
    url = world.issue()
    connection = open_connection(url)
    publish(connection, "event__Pub")
    retire_publication(actor=SYSTEM, publication=Publication.objects.get())
    world.apply()
    wait_until(lambda: is_closed(connection))
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
        publish(open_connection(url), "event__Pub")
    assert refused.value.reply_code == 403


def test_a_new_right_disturbs_nobody(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    connection = open_connection(world.issue())
    allow_publication(actor=SYSTEM, service=ME, event_type="B")
    world.apply()
    publish(connection, "event__B")
    assert not is_closed(connection)


def test_two_secrets_work_while_workers_move_over(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    old = world.issue()
    new = world.issue(reissue_credential, keep_old=True)
    connections = open_connection(old), open_connection(new)
    for one in connections:
        publish(one, "event__Pub")
    revoke_credentials(actor=SYSTEM, service=ME, slot="a")
    world.apply()
    wait_until(lambda: is_closed(connections[0]))
    assert not is_closed(connections[1])
    assert (lets_in(old), lets_in(new)) == (False, True)


def test_a_new_secret_ends_the_old_ones_connections(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    old = world.issue()
    connection = open_connection(old)
    # Twice before the broker hears of it: the user's name is the same again.
    reissue_credential(actor=SYSTEM, service=ME)
    new = world.issue(reissue_credential)
    assert urlsplit(new).username == urlsplit(old).username
    wait_until(lambda: is_closed(connection))
    assert (lets_in(old), lets_in(new)) == (False, True)


# -- drift --------------------------------------------------------------------------------------


def sync(name: str) -> dict[str, str]:
    return dict(BrokerObject.objects.filter(name=name).values_list("kind", "sync"))


def test_what_others_change_is_seen_and_changed_back(world: World) -> None:
    url, user = world.issue(), f"bus__{ME}__a"
    assert sync(user) == {"user": "in_sync", "permission": "in_sync"}
    node = world.rabbit.node
    node.api("PUT", f"users/{world.login()}", {"password": "x", "tags": "administrator"})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    world.rabbit.api("PUT", f"permissions/{{vhost}}/{world.login()}", everything)
    world.apply()
    assert sync(user) == {"user": "differs", "permission": "differs"}
    assert not lets_in(url)
    world.apply(policy=ApplyAll())
    assert sync(user) == {"user": "in_sync", "permission": "in_sync"}
    assert lets_in(url)
    node.api("DELETE", f"users/{world.login()}")
    world.apply()
    assert sync(user) == {"user": "missing", "permission": "missing"}
    world.apply(policy=ApplyAll())
    assert lets_in(url)


def test_users_of_others_are_neither_shown_nor_touched(world: World) -> None:
    node = world.rabbit.node
    foreign = ("somebody", f"bus__{ME}", f"bus__{ME}__a@elsewhere", f"bus__{ME}__a")
    for name in foreign:
        node.api("PUT", f"users/{quote(name, safe='')}", {"password": "x", "tags": "monitoring"})
        world.rabbit.api(
            "PUT",
            f"permissions/{{vhost}}/{quote(name, safe='')}",
            {"configure": "^$", "write": ".*", "read": "^$"},
        )
    before = users(world, foreign)
    world.issue()
    revoke_credentials(actor=SYSTEM, service=ME)
    done = world.apply(policy=ApplyAll())
    assert users(world, foreign) == before
    assert not [one for one in done.plan.items if one.object in {"user", "permission"}]
    for name in foreign:
        node.api("DELETE", f"users/{quote(name, safe='')}")


def users(world: World, names: tuple[str, ...]) -> list[Any]:
    found = [world.rabbit.node.api("GET", f"users/{quote(one, safe='')}") for one in names]
    rights = world.rabbit.api("GET", "vhosts/{vhost}/permissions")
    return [*found, *(one for one in rights if one["user"] in names)]


def test_a_manager_who_is_no_administrator_does_all_the_rest(world: World) -> None:
    rabbit = world.rabbit
    rabbit.node.api("PUT", "users/manager", {"password": "m", "tags": "monitoring,policymaker"})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    rabbit.api("PUT", "permissions/{vhost}/manager", everything)
    url = rabbit.management_url.replace("guest:guest", "manager:m")
    world.broker = RabbitMQBroker(management_url=url, amqp_url=rabbit.amqp_url)
    world.issue()
    assert sync(f"bus__{ME}__a") == {"user": "blocked", "permission": "blocked"}
    assert sync(f"consumer__A__{ME}") == {"queue": "in_sync"}
    said = BrokerObject.objects.get(kind="user").message
    assert "Give the user in EVENTBUS_MANAGEMENT_URL the tag administrator." in said
    rabbit.node.api("PUT", "users/manager", {"password": "m", "tags": "administrator"})
    world.apply()
    assert sync(f"bus__{ME}__a") == {"user": "in_sync", "permission": "in_sync"}
    rabbit.node.api("DELETE", "users/manager")


def test_a_user_that_nobody_issued_is_removed_and_others_are_not(
    world: World, open_connection: Callable[[str], pika.BlockingConnection]
) -> None:
    # Given a user of such a name that somebody made on the broker, at work, and a foreign one
    login, foreign = f"bus__{ME}__b@{world.rabbit.vhost}", f"{world.rabbit.vhost}-somebody"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    for name in (login, foreign):
        world.rabbit.api("PUT", f"users/{quote(name, safe='')}", {"password": "x", "tags": ""})
        path = f"permissions/{{vhost}}/{quote(name, safe='')}"
        world.rabbit.api("PUT", path, everything)
    parts = urlsplit(world.rabbit.amqp_url)
    urls = [
        parts._replace(netloc=f"{quote(one, safe='')}:x@{parts.netloc.rpartition('@')[2]}").geturl()
        for one in (login, foreign)
    ]
    at_work = open_connection(urls[0])
    world.apply()
    assert BrokerObject.objects.get(name=f"bus__{ME}__b").sync == "unmanaged"

    # When an operator has it removed
    remove_unmanaged_user(actor=SYSTEM, user=f"bus__{ME}__b", confirm=f"bus__{ME}__b")
    world.apply()

    # Then it is gone and its connection with it
    assert [lets_in(one) for one in urls] == [False, True]
    wait_until(lambda: is_closed(at_work), timeout=20)
    assert not BrokerObject.objects.filter(name=f"bus__{ME}__b").exists()
    world.rabbit.api("DELETE", f"users/{quote(foreign, safe='')}")
