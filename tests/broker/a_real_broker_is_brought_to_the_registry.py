"""Registry, reconciler and a real RabbitMQ node."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import OperationalError

from bus_core.connecting import open_link
from bus_core.control import Directives
from bus_core.message import Message
from bus_core.topology import (
    Queue,
    QueueKind,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.reconcile.actions import wait_until_applied
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence, Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.actions.subscriptions import create_subscription
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.revision import current_revision
from tests.harness.poll import wait_until
from tests.harness.ports import free_port
from tests.harness.vhosts import Vhost

QUEUE = "consumer__beginMecaExport__meca-exporter"


@pytest.fixture
def broker(rabbit: Vhost) -> RabbitMQBroker:
    return RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url)


@pytest.fixture
def subscribe(db: None) -> Callable[..., Subscription]:
    """Register a subscription, past all actions."""

    def make(event_type: str, service: str, **fields: Any) -> Subscription:
        team = Team.objects.get_or_create(name="Journals")[0]
        return Subscription.objects.create(
            event_type=EventType.objects.get_or_create(name=event_type, defaults={"owner": team})[
                0
            ],
            service=Service.objects.get_or_create(name=service, defaults={"owner": team})[0],
            **fields,
        )

    return make


@pytest.fixture
def fence(db: None) -> Fence:
    found = Leadership().renew()
    assert found is not None
    return found


@pytest.fixture
def settled(
    subscribe: Callable[..., Subscription], broker: RabbitMQBroker, fence: Fence
) -> Subscription:
    """A subscription in order on the broker."""
    subscription = subscribe("beginMecaExport", "meca-exporter", retry_delays_ms=[1000, 60_000])
    done = reconcile_once(broker, fence=fence)
    assert (done.failed, done.plan.steps) == ((), ())
    return subscription


def missing() -> set[str]:
    return set(BrokerObject.objects.filter(sync="missing").values_list("name", flat=True))


# -- what is made ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(QueueKind))
def test_a_subscriptions_objects_are_what_the_topology_says(
    rabbit: Vhost,
    broker: RabbitMQBroker,
    subscribe: Callable[..., Subscription],
    fence: Fence,
    kind: QueueKind,
) -> None:
    subscribe("beginMecaExport", "meca-exporter", kind=kind.value, retry_delays_ms=[1000])
    reconcile_once(broker, fence=fence)
    wanted = merge(
        (
            bus_topology(),
            event_type_topology("beginMecaExport"),
            service_topology("meca-exporter", (1000,)),
            subscription_topology("beginMecaExport", "meca-exporter", kind),
        )
    )
    # Asked of RabbitMQ itself, past our reading of it.
    queues = {one["name"]: one for one in rabbit.api("GET", "queues/{vhost}")}
    assert queues.keys() == {one.name for one in wanted.queues}
    for queue in wanted.queues:
        found = queues[queue.name]
        assert (found["durable"], found["auto_delete"]) == (True, False)
        arguments = {"x-queue-type": "classic", **queue.arguments}
        assert {"x-queue-type": found["type"], **found["arguments"]} == arguments
    bindings = {
        (one["source"], one["destination"], one["routing_key"])
        for one in rabbit.api("GET", "bindings/{vhost}")
        if one["source"]
    }
    assert bindings == {(one.source, one.queue, one.routing_key) for one in wanted.bindings}
    exchanges = {one["name"]: one for one in rabbit.api("GET", "exchanges/{vhost}")}
    for exchange in wanted.exchanges:
        found = exchanges[exchange.name]
        assert (found["type"], found["durable"]) == (exchange.type, True)
        assert found["arguments"] == dict(exchange.arguments)
    policies = rabbit.api("GET", "policies/{vhost}")
    assert [one["definition"] for one in policies] == [
        dict(one.definition) for one in wanted.policies
    ]


def test_an_active_declare_of_the_same_passes(settled: Subscription, rabbit: Vhost) -> None:
    """What we made over HTTP is what a service declares over AMQP."""
    topology = subscription_topology("beginMecaExport", "meca-exporter") + service_topology(
        "meca-exporter", (1000, 60_000)
    )
    connection = rabbit.connect()
    channel = connection.channel()
    for queue in topology.queues:
        channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    connection.close()


def test_a_second_apply_does_nothing(
    settled: Subscription, broker: RabbitMQBroker, fence: Fence
) -> None:
    before = broker.observe()
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert done.results == ()
    assert broker.observe() == before


def test_an_event_published_to_the_exchange_arrives(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    connection = rabbit.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish("event__beginMecaExport", "", b"{}", mandatory=True)
    channel.basic_publish("service__meca-exporter", QUEUE, b"{}", mandatory=True)
    channel.basic_publish("service__meca-exporter", "lost", b"{}", mandatory=True)
    connection.close()

    def counted() -> bool:
        reconcile_once(broker, fence=fence)
        return SubscriptionStatus.objects.get().messages_ready == 2

    wait_until(counted, timeout=15)
    status = SubscriptionStatus.objects.get()
    assert (status.sync, status.health) == ("in_sync", "no_consumers")
    assert status.message == "meca-exporter has no worker; 2 events wait."


# -- what others do behind our back ------------------------------------------------------------


def test_a_deleted_queue_is_shown_and_restored(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
    assert reconcile_once(broker, fence=fence).results == ()
    assert QUEUE in missing()
    assert SubscriptionStatus.objects.get().sync == "missing"
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert len(done.results) == 3
    assert missing() == set()
    assert reconcile_once(broker, fence=fence, policy=ApplyAll()).results == ()


def test_a_deleted_binding_is_shown_and_restored(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    rabbit.api("DELETE", f"bindings/{{vhost}}/e/event__beginMecaExport/q/{QUEUE}/~")
    reconcile_once(broker, fence=fence)
    assert missing() == {f"event__beginMecaExport → {QUEUE}"}
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert missing() == set()


def test_a_queue_with_other_arguments_is_blocked_and_left(
    subscribe: Callable[..., Subscription], rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    rabbit.api("PUT", f"queues/{{vhost}}/{QUEUE}", {"durable": True, "arguments": {}})
    subscribe("beginMecaExport", "meca-exporter")
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert done.applied
    row = BrokerObject.objects.get(name=QUEUE)
    assert row.sync == "blocked"
    assert "type should be quorum, is classic" in row.message
    assert SubscriptionStatus.objects.get().sync == "blocked"
    # Its bindings are there all the same: it is used as it is.
    assert missing() == set()


def test_an_exchange_that_rabbitmq_will_not_change_is_blocked(
    subscribe: Callable[..., Subscription], rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    body = {"type": "fanout", "durable": True, "arguments": {"x-note": "hello"}}
    rabbit.api("PUT", "exchanges/{vhost}/event__beginMecaExport", body)
    subscribe("beginMecaExport", "meca-exporter")
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    row = BrokerObject.objects.get(name="event__beginMecaExport")
    assert (row.sync, row.found["arguments"]) == ("blocked", {"x-note": "hello"})


def test_foreign_objects_are_neither_shown_nor_touched(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    broker.declare_queue(Queue(name="orders", arguments={"x-max-length": 5}))
    rabbit.api("POST", "bindings/{vhost}/e/amq.topic/q/orders", {"routing_key": "#"})
    before = rabbit.api("GET", "bindings/{vhost}")
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert done.plan.steps == ()
    assert not BrokerObject.objects.filter(name__contains="orders").exists()
    assert rabbit.api("GET", "bindings/{vhost}") == before


def test_an_exchange_that_copies_our_events_elsewhere_is_shown(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    where = "bindings/{vhost}/e/event__beginMecaExport/e/amq.fanout"
    rabbit.api("POST", where, {"routing_key": ""})
    reconcile_once(broker, fence=fence)
    row = BrokerObject.objects.get(sync="unmanaged")
    assert row.name == "event__beginMecaExport → amq.fanout (exchange)"


# -- when it cannot be read --------------------------------------------------------------------


def test_a_management_that_is_down_makes_everything_unknown(
    settled: Subscription, rabbit: Vhost, broker: RabbitMQBroker, fence: Fence
) -> None:
    url = f"http://guest:guest@127.0.0.1:{free_port()}"
    away = RabbitMQBroker(management_url=url, amqp_url=rabbit.amqp_url)
    reconcile_once(away, fence=fence)
    status = SubscriptionStatus.objects.get()
    assert (status.sync, status.health) == ("unknown", "unknown")
    assert "cannot be reached. Start the broker with its management plugin" in status.message
    assert not ReconcileState.objects.get().reachable
    reconcile_once(broker, fence=fence)
    assert SubscriptionStatus.objects.get().sync == "in_sync"


def test_a_wrong_password_is_told_in_a_sentence(
    settled: Subscription, rabbit: Vhost, fence: Fence
) -> None:
    url = rabbit.management_url.replace("guest:guest", "guest:hunter2")
    reconcile_once(RabbitMQBroker(management_url=url, amqp_url=rabbit.amqp_url), fence=fence)
    error = ReconcileState.objects.get().error
    assert "refused our login. Correct user and password in EVENTBUS_MANAGEMENT_URL." in error
    assert "hunter2" not in error


# -- the whole of it ---------------------------------------------------------------------------


@pytest.fixture
def running(transactional_db: None, rabbit: Vhost, broker: RabbitMQBroker) -> Iterator[None]:
    """The loop on its threads, with a real link."""
    stop = threading.Event()
    leadership = Leadership()
    link = open_link(rabbit.amqp_url, client_name="test")
    reconciler = Reconciler(broker=broker, leadership=leadership, link=link)
    threads = [
        threading.Thread(target=leadership.run, args=(stop,)),
        threading.Thread(target=reconciler.run, args=(stop,)),
    ]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(20)
    link.close()


@pytest.mark.usefixtures("running")
def test_a_new_subscription_is_live_within_two_seconds(
    subscribe: Callable[..., Subscription], broker: RabbitMQBroker
) -> None:
    patiently(lambda: subscribe("beginMecaExport", "other"))
    patiently(lambda: ReconcileState.objects.filter(reachable=True).exists())
    patiently(lambda: Service.objects.get_or_create(name="new", owner=Team.objects.get()))
    patiently(
        lambda: create_subscription(actor=SYSTEM, service="new", event_type="beginMecaExport")
    )
    started = time.monotonic()
    patiently(lambda: wait_until_applied(current_revision(), timeout=2.0))
    assert time.monotonic() - started < 2.0
    assert compare(broker).steps == ()


@pytest.mark.usefixtures("running")
def test_directives_arrive_in_the_stream(
    subscribe: Callable[..., Subscription], rabbit: Vhost, broker: RabbitMQBroker
) -> None:
    patiently(lambda: subscribe("beginMecaExport", "meca-exporter"))
    # RabbitMQ 3.10 fails at listing queues with their statistics while a stream is being made.
    told = wait_until(lambda: _told(rabbit), timeout=20, ignoring=requests.HTTPError)
    assert told == {"beginMecaExport": "active"}


def patiently(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is yes; threads of one test share a database that locks."""
    return wait_until(ask, timeout=20, ignoring=OperationalError)


def _told(rabbit: Vhost) -> dict[str, str]:
    """What a worker would read from its stream now."""
    names = [one["name"] for one in rabbit.api("GET", "queues/{vhost}")]
    if "control__meca-exporter" not in names:
        return {}
    connection = rabbit.connect()
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    last = {"x-stream-offset": "last"}
    for _method, _properties, body in channel.consume(
        "control__meca-exporter", arguments=last, inactivity_timeout=1
    ):
        connection.close()
        if body is None:
            return {}
        told = Directives.decode(Message(body=body)).subscriptions
        return {event_type: str(one.state) for event_type, one in told.items()}
    return {}


def test_the_command_shows_and_applies(
    subscribe: Callable[..., Subscription],
    rabbit: Vhost,
    broker: RabbitMQBroker,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = rabbit.amqp_url
    settings.EVENTBUS_MANAGEMENT_URL = rabbit.management_url
    subscribe("beginMecaExport", "meca-exporter")
    with pytest.raises(SystemExit) as differs:
        call_command("reconcile", "--plan")
    assert differs.value.code == 2
    assert f"create     queue     {QUEUE}\n" in capsys.readouterr().out
    call_command("reconcile", "--apply")
    assert "failed" not in capsys.readouterr().out
    call_command("reconcile", "--plan")
    assert compare(broker).steps == ()
