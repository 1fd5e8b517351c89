"""Workers hear what the registry says: once, and again when it or their stream is new."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from bus_core.control import Directives
from bus_core.errors import BusClosed, NotSent
from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.memory.queue import MemoryConsumer
from bus_core.topology import control_stream
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import Round, reconcile_once
from eventbus_admin.reconcile.directives import DirectiveSender
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.states import SubscriptionState

Make = Callable[..., Any]


class Link(MemoryLink):
    """Records what is sent; what the test puts into `answers` happens instead."""

    def __init__(self, memory: MemoryBroker) -> None:
        super().__init__(memory)
        self.sent: list[str] = []
        self.answers: list[Callable[[], Future[None]]] = []

    def publish(self, exchange: str, routing_key: str, *args: Any, **options: Any) -> Any:
        assert exchange == ""
        assert options["mandatory"]
        self.sent.append(routing_key)
        if self.answers:
            return self.answers.pop(0)()
        return super().publish(exchange, routing_key, *args, **options)


@pytest.fixture
def link(memory: MemoryBroker) -> Link:
    return Link(memory)


@pytest.fixture
def follow(broker: MockBroker, fence: Fence, link: Link) -> Callable[..., Round]:
    """Do a round and send what it makes necessary."""
    sender = DirectiveSender(link)

    def one_round(**options: Any) -> Round:
        done = reconcile_once(broker, fence=fence, **options)
        sender.follow(done)
        return done

    return one_round


def last_told(memory: MemoryBroker, service: str) -> dict[str, str]:
    """What a worker that starts now would read."""
    got: list[Any] = []
    consumer = MemoryConsumer(got.append, lambda: None, prefetch=10)
    memory.attach(control_stream(service), consumer, owner=None, last=True)
    memory.detach(control_stream(service), consumer)
    told = Directives.decode(got[-1].message).subscriptions
    return {event_type: str(one.state) for event_type, one in told.items()}


def test_each_service_is_told_once(
    make_subscription: Make, follow: Callable[..., Round], link: Link, memory: MemoryBroker
) -> None:
    make_subscription("A", "s")
    make_subscription("B", "s", state=SubscriptionState.PAUSED)
    make_subscription("A", "t")
    follow()
    follow()
    assert sorted(link.sent) == ["control__s", "control__t"]
    assert last_told(memory, "s") == {"A": "active", "B": "paused"}


def test_a_change_is_told_to_the_service_that_it_concerns(
    make_subscription: Make, follow: Callable[..., Round], link: Link, memory: MemoryBroker
) -> None:
    make_subscription("A", "s")
    make_subscription("A", "t")
    follow()
    link.sent.clear()
    Subscription.objects.filter(service__name="s").update(state=SubscriptionState.PAUSED)
    follow()
    assert link.sent == ["control__s"]
    assert last_told(memory, "s") == {"A": "paused"}


def test_a_new_leader_tells_everybody(
    make_subscription: Make, follow: Callable[..., Round], link: Link
) -> None:
    make_subscription("A", "s")
    done = follow()
    DirectiveSender(link).follow(done)
    assert link.sent == ["control__s", "control__s"]


def test_a_service_without_subscriptions_is_told_nothing(
    make_service: Make, follow: Callable[..., Round], link: Link
) -> None:
    make_service("s")
    follow()
    assert link.sent == []


def test_a_stream_that_was_restored_gets_them_again(
    make_subscription: Make, follow: Callable[..., Round], link: Link, memory: MemoryBroker
) -> None:
    make_subscription("A", "s")
    follow()
    memory.delete_queue("control__s")
    follow()
    assert link.sent == ["control__s"]  # nothing to send into
    follow(policy=ApplyAll())
    assert link.sent == ["control__s", "control__s"]
    assert last_told(memory, "s") == {"A": "active"}


def test_what_was_not_confirmed_is_sent_again(
    make_subscription: Make, follow: Callable[..., Round], link: Link
) -> None:
    late: Future[None] = Future()

    def closed() -> "Future[None]":
        raise BusClosed("closed")

    link.answers = [closed, lambda: late]
    make_subscription("A", "s")
    follow()
    follow()
    follow()  # on its way: not again
    assert len(link.sent) == 2
    late.set_exception(NotSent("the broker was away"))
    follow()
    follow()
    assert len(link.sent) == 3


def test_an_old_failure_does_not_repeat_what_is_out_of_date(
    make_subscription: Make, follow: Callable[..., Round], link: Link
) -> None:
    late: Future[None] = Future()
    link.answers = [lambda: late]
    make_subscription("A", "s")
    follow()
    Subscription.objects.update(state=SubscriptionState.PAUSED)
    follow()
    late.set_exception(NotSent("the broker was away"))
    follow()
    assert len(link.sent) == 2
