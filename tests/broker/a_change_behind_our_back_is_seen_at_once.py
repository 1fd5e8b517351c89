"""RabbitMQ's event exchange tells the leader of changes; without it they are seen later."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import OperationalError, connections

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.changes import Changes
from eventbus_admin.broker.event_exchange import RabbitChanges
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.reconcile import hints
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.hints import Hints
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run
from eventbus_admin.registry.models import EventType, Service, Subscription
from tests.harness.installations import Installation
from tests.harness.poll import wait_until
from tests.harness.rabbitmq import RabbitNode
from tests.harness.vhosts import Vhost

QUEUE = "consumer__beginMecaExport__meca-exporter"
MANAGEMENT_ONLY = ("rabbitmq_management",)
SOON = 2.0


class Counting(RabbitMQBroker):
    """A broker that counts how often it was looked at."""

    looks = 0

    def observe(self):  # type: ignore[no-untyped-def]
        self.looks += 1
        return super().observe()


@contextmanager
def leading(
    vhost: Vhost, compare_seconds: float, changes: Changes | None = None
) -> Iterator[Counting]:
    """A leader at work in this virtual host, on threads of its own."""
    broker = Counting(management_url=vhost.management_url, amqp_url=vhost.amqp_url)
    leadership = Leadership()
    leadership.renew()
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=compare_seconds)
    changes = changes or RabbitChanges(management_url=vhost.management_url, amqp_url=vhost.amqp_url)
    found = Hints(changes=changes, leadership=leadership, wake=reconciler.wake)
    stop = threading.Event()

    def run(part: Callable[[threading.Event], None]) -> None:
        try:
            part(stop)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(one,))
        for one in (leadership.run, reconciler.run, found.run)
    ]
    for thread in threads:
        thread.start()
    try:
        yield broker
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


@pytest.fixture
def registered(transactional_db: None) -> None:
    """A subscription that nobody has applied yet."""
    team = Team.objects.create(name="Journals")
    Subscription.objects.create(
        event_type=EventType.objects.create(name="beginMecaExport", owner=team),
        service=Service.objects.create(name="meca-exporter", owner=team),
    )


def wait_for(question: Callable[[], bool], timeout: float = 20) -> float:
    """Wait until the database says so; returns the seconds that it took.

    A database in memory may be locked by the loop's thread at the moment.
    """
    began = time.monotonic()
    wait_until(question, timeout=timeout, interval=0.02, ignoring=OperationalError)
    return time.monotonic() - began


def hears(state: str) -> bool:
    return ReconcileState.objects.filter(hearing=state).exists()


def is_now(sync: str, name: str = QUEUE) -> bool:
    return BrokerObject.objects.filter(name=name, sync=sync).exists()


def quiet(broker: Counting) -> int:
    """How often it was looked at, once that has not changed for two seconds."""
    seen, since = broker.looks, time.monotonic()

    def settled() -> bool:
        nonlocal seen, since
        if broker.looks != seen:
            seen, since = broker.looks, time.monotonic()
        return time.monotonic() - since > 2

    wait_until(settled, timeout=20)
    return seen


@pytest.mark.usefixtures("registered")
def test_with_the_plugin_it_is_seen_within_two_seconds(rabbit: Vhost) -> None:
    with leading(rabbit, compare_seconds=60) as broker:
        wait_for(lambda: is_now("in_sync") and hears("on"))
        looks = quiet(broker)
        assert looks < 8, "its own changes do not keep it going"

        rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
        deleted = wait_for(lambda: is_now("missing"))

        rabbit.api("POST", "bindings/{vhost}/e/event__beginMecaExport/e/bus__reports", {})
        bound = wait_for(lambda: BrokerObject.objects.filter(sync="unmanaged").exists())

        policy = {"pattern": "^consumer__", "definition": {"delivery-limit": 7}}
        rabbit.api("PUT", "policies/{vhost}/eventbus-consumers", policy)
        changed = wait_for(lambda: is_now("differs", "eventbus-consumers"))

        print(
            f"seen after {deleted:.2f} s (queue), {bound:.2f} s (binding), {changed:.2f} s (policy)"
        )
        assert max(deleted, bound, changed) < SOON

        # Somebody else's comings and goings are nobody's business here.
        looks = quiet(broker)
        rabbit.api("PUT", "queues/{vhost}/orders", {"durable": True})
        rabbit.api("PUT", "users/somebody", {"password": "secret", "tags": ""})
        assert quiet(broker) == looks
        rabbit.api("DELETE", "users/somebody")


@pytest.mark.usefixtures("registered")
def test_what_is_applied_is_not_applied_again(rabbit: Vhost) -> None:
    with leading(rabbit, compare_seconds=60) as broker:
        wait_for(lambda: is_now("in_sync") and hears("on"))
        before = quiet(broker)
        rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
        wait_for(lambda: is_now("missing"))
        wait_for(lambda: bool(request_apply(actor=SYSTEM)))
        wait_for(lambda: not Run.objects.exclude(state="done").exists() and is_now("in_sync"))
        print(f"looks for one change and its repair: {quiet(broker) - before}")
        assert quiet(broker) - before < 10


@pytest.mark.long
@pytest.mark.usefixtures("registered")
def test_without_the_plugin_the_comparison_finds_it_until_it_is_enabled(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "AGAIN_SECONDS", 1.0)
    with (
        RabbitNode(installation=installation, plugins=MANAGEMENT_ONLY) as node,
        node.vhost() as vhost,
        leading(vhost, compare_seconds=1),
    ):
        wait_for(lambda: is_now("in_sync") and hears("off"))
        message = ReconcileState.objects.get().hearing_message
        assert "rabbitmq-plugins enable rabbitmq_event_exchange" in message

        vhost.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
        wait_for(lambda: is_now("missing"))

        node.tool("rabbitmq-plugins", "enable", "rabbitmq_event_exchange")
        wait_for(lambda: hears("on"))


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("enters", [True, False], ids=["enters", "stays outside"])
def test_who_may_not_listen_is_told_what_is_missing(rabbit: Vhost, enters: bool) -> None:
    login = f"confined-{quote(rabbit.vhost)}-{enters}"
    rabbit.api("PUT", f"users/{login}", {"password": "secret", "tags": "administrator"})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    rabbit.api("PUT", f"permissions/{{vhost}}/{login}", everything)
    if enters:
        no_event = {"configure": "^tap__", "write": "^tap__", "read": "^tap__"}
        rabbit.api("PUT", f"permissions/%2F/{login}", no_event)
    try:
        url = rabbit.amqp_url.replace("guest:guest", f"{login}:secret")
        changes = RabbitChanges(management_url=rabbit.management_url, amqp_url=url)
        with leading(rabbit, compare_seconds=60, changes=changes):
            wait_for(lambda: hears("refused"))
            assert "virtual host /" in ReconcileState.objects.get().hearing_message
    finally:
        rabbit.api("DELETE", f"users/{login}")
