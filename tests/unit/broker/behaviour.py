"""What every implementation of `Broker` does; each one's tests inherit from here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from bus_core.rights import Permissions, confined_permissions
from bus_core.topology import (
    Binding,
    Exchange,
    Policy,
    Queue,
    QueueKind,
    Topology,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.broker.errors import BrokerConflict
from eventbus_admin.broker.interface import Broker, ExchangeBinding, Observation, QueueState
from eventbus_admin.broker.users import BrokerUser, Grant
from eventbus_admin.registry.passwords import rabbitmq_hash
from tests.harness.poll import wait_until

# Management may count consumers, and messages of quorum queues, seconds late.
COUNTED_WITHIN = 15.0


class Hands(ABC):
    """Somebody else at the same broker, past our interface."""

    @abstractmethod
    def send(self, queue: str, count: int) -> None:
        """Put messages into a queue."""

    @abstractmethod
    def hold(self, queue: str, prefetch: int) -> None:
        """Consume a queue without acknowledging."""

    @abstractmethod
    def delete_queue(self, name: str) -> None:
        """Delete a queue."""

    @abstractmethod
    def delete_exchange(self, name: str) -> None:
        """Delete an exchange."""

    @abstractmethod
    def unbind(self, binding: Binding) -> None:
        """Delete a binding."""


def whole_bus(kind: QueueKind = QueueKind.QUORUM) -> Topology:
    """A bus with one subscription and two retry steps."""
    return merge(
        (
            bus_topology(),
            event_type_topology("exportRequested"),
            service_topology("export-manager", (1_000, 60_000)),
            subscription_topology("exportRequested", "export-manager", kind),
        )
    )


def declare(broker: Broker, topology: Topology) -> None:
    """Make all of it."""
    for exchange in topology.exchanges:
        broker.declare_exchange(exchange)
    for policy in topology.policies:
        broker.put_policy(policy)
    for queue in topology.queues:
        broker.declare_queue(queue)
    for binding in topology.bindings:
        broker.bind(binding)


def queue_of(observation: Observation, name: str) -> QueueState | None:
    """The queue of this name."""
    return next((one for one in observation.queues if one.queue.name == name), None)


class BrokerBehaviour:
    """Inherit, and provide the fixtures `broker` and `hands` for the same, empty broker."""

    @pytest.fixture
    def broker(self) -> Iterator[Broker]:
        raise NotImplementedError

    @pytest.fixture
    def hands(self) -> Iterator[Hands]:
        raise NotImplementedError

    def test_it_says_which_broker_it_is(self, broker: Broker) -> None:
        assert broker.info().identity
        assert broker.info() == broker.observe().broker

    def test_an_empty_broker_has_no_queues_bindings_and_policies(self, broker: Broker) -> None:
        seen = broker.observe()
        assert (seen.queues, seen.bindings, seen.exchange_bindings, seen.policies) == (
            (),
            (),
            (),
            (),
        )

    @pytest.mark.parametrize("kind", list(QueueKind))
    def test_what_was_declared_is_seen_as_it_was_declared(
        self, broker: Broker, kind: QueueKind
    ) -> None:
        wanted = whole_bus(kind)
        declare(broker, wanted)
        seen = broker.observe()
        assert {one.exchange.name: one.exchange for one in seen.exchanges}.items() >= {
            one.name: one for one in wanted.exchanges
        }.items()
        assert {one.queue.name: dict(one.queue.arguments) for one in seen.queues} == {
            one.name: {"x-queue-type": "classic", **one.arguments} for one in wanted.queues
        }
        assert set(seen.bindings) == set(wanted.bindings)
        assert [(one, dict(one.definition)) for one in seen.policies] == [
            (one, dict(one.definition)) for one in wanted.policies
        ]

    def test_declaring_again_is_harmless(self, broker: Broker) -> None:
        declare(broker, whole_bus())
        first = broker.observe()
        declare(broker, whole_bus())
        assert broker.observe() == first

    def test_a_queue_declared_without_arguments_has_the_default_type(self, broker: Broker) -> None:
        broker.declare_queue(Queue(name="plain"))
        seen = broker.observe()
        plain = queue_of(seen, "plain")
        assert plain is not None
        assert plain.type == seen.default_queue_type == "classic"
        assert plain.in_service

    def test_a_queue_with_other_arguments_is_a_conflict_and_stays(self, broker: Broker) -> None:
        broker.declare_queue(Queue(name="q", arguments={"x-queue-type": "classic"}))
        with pytest.raises(BrokerConflict):
            broker.declare_queue(Queue(name="q", arguments={"x-queue-type": "quorum"}))
        kept = queue_of(broker.observe(), "q")
        assert kept is not None
        assert kept.type == "classic"

    def test_an_exchange_of_another_type_is_a_conflict_and_stays(self, broker: Broker) -> None:
        broker.declare_exchange(Exchange(name="e", type="direct"))
        with pytest.raises(BrokerConflict):
            broker.declare_exchange(Exchange(name="e", type="fanout"))
        assert Exchange(name="e", type="direct") in [
            one.exchange for one in broker.observe().exchanges
        ]

    def test_an_exchange_with_other_arguments_stays_whatever_the_answer(
        self, broker: Broker
    ) -> None:
        broker.declare_exchange(Exchange(name="e"))
        with suppress(BrokerConflict):
            broker.declare_exchange(Exchange(name="e", arguments={"x-other": 1}))
        (found,) = (one for one in broker.observe().exchanges if one.exchange.name == "e")
        assert dict(found.exchange.arguments) == {}

    def test_a_binding_needs_its_queue_and_its_exchange(self, broker: Broker) -> None:
        broker.declare_exchange(Exchange(name="e"))
        broker.declare_queue(Queue(name="q"))
        with pytest.raises(BrokerConflict):
            broker.bind(Binding(source="e", queue="missing"))
        with pytest.raises(BrokerConflict):
            broker.bind(Binding(source="missing", queue="q"))
        assert broker.observe().bindings == ()

    def test_a_policy_is_replaced(self, broker: Broker) -> None:
        broker.put_policy(Policy(name="p", pattern="^a", definition={"max-length": 1}))
        other = Policy(name="p", pattern="^b", definition={"max-length": 2}, priority=3)
        broker.put_policy(other)
        (found,) = broker.observe().policies
        assert (found, dict(found.definition)) == (other, {"max-length": 2})

    @pytest.mark.parametrize("name", ["a b", "a/b", "a%2Fb?c=d", "ä#ö&+"])
    def test_any_name_works(self, broker: Broker, name: str) -> None:
        binding = Binding(source=f"{name}.exchange", queue=name, routing_key=f"{name} key")
        broker.declare_exchange(Exchange(name=binding.source, type="direct"))
        broker.declare_queue(Queue(name=name))
        broker.bind(binding)
        broker.put_policy(Policy(name=name, pattern="^x", definition={"max-length": 1}))
        seen = broker.observe()
        assert queue_of(seen, name) is not None
        assert seen.bindings == (binding,)
        assert [one.name for one in seen.policies] == [name]

    def test_what_others_delete_is_gone_with_its_bindings(
        self, broker: Broker, hands: Hands
    ) -> None:
        declare(broker, whole_bus())
        event, door = subscription_topology("exportRequested", "export-manager").bindings
        hands.unbind(event)
        assert event not in broker.observe().bindings
        assert door in broker.observe().bindings
        hands.delete_queue(door.queue)
        seen = broker.observe()
        assert queue_of(seen, door.queue) is None
        assert door not in seen.bindings
        hands.delete_exchange(event.source)
        assert event.source not in [one.exchange.name for one in broker.observe().exchanges]

    def test_what_is_taken_away_is_gone(self, broker: Broker) -> None:
        wanted = whole_bus()
        declare(broker, wanted)
        event, door = subscription_topology("exportRequested", "export-manager").bindings
        for _ in range(2):
            broker.unbind(event)
        assert set(broker.observe().bindings) == {*wanted.bindings} - {event}
        for _ in range(2):
            broker.delete_queue(door.queue)
        assert queue_of(broker.observe(), door.queue) is None
        for _ in range(2):
            broker.delete_policy(wanted.policies[0].name)
        assert broker.observe().policies == ()
        for _ in range(2):
            broker.delete_exchange(event.source)
        assert event.source not in [one.exchange.name for one in broker.observe().exchanges]
        broker.unbind(Binding(source="gone", queue="gone", routing_key="k"))
        broker.unbind_exchange(ExchangeBinding(source="gone", destination="gone"))

    def test_an_exchange_in_use_stays(self, broker: Broker) -> None:
        declare(broker, whole_bus())
        with pytest.raises(BrokerConflict):
            broker.delete_exchange("event__exportRequested")
        assert "event__exportRequested" in [one.exchange.name for one in broker.observe().exchanges]

    def test_it_says_how_late_counts_may_be(self, broker: Broker) -> None:
        assert 0 <= broker.counts_lag <= COUNTED_WITHIN

    @pytest.mark.parametrize("queue_type", ["classic", "quorum"])
    def test_messages_and_consumers_are_counted(
        self, broker: Broker, hands: Hands, queue_type: str
    ) -> None:
        broker.declare_queue(Queue(name="q", arguments={"x-queue-type": queue_type}))
        hands.send("q", 5)
        wait_until(counts(broker, "q", (5, 0, 0)), timeout=COUNTED_WITHIN)
        hands.hold("q", prefetch=2)
        wait_until(counts(broker, "q", (3, 2, 1)), timeout=COUNTED_WITHIN)

    def test_a_user_and_its_rights_are_seen_as_they_were_given(self, broker: Broker) -> None:
        user = BrokerUser(name="bus__meca-exporter__a", password_hash=rabbitmq_hash("sesame"))
        rights = confined_permissions("meca-exporter", publishes=["A"], listens=["B"])
        grant = Grant(user=user.name, permissions=rights)
        for _ in range(2):
            broker.put_user(user)
            broker.grant(grant)
        seen = broker.observe()
        assert (seen.users, seen.grants) == ((user,), (grant,))
        other = BrokerUser(name=user.name, password_hash=rabbitmq_hash("other"))
        less = Grant(user=user.name, permissions=Permissions())
        broker.put_user(other)
        broker.grant(less)
        seen = broker.observe()
        assert (seen.users, seen.grants) == ((other,), (less,))
        assert broker.connections(user.name) == ()
        assert broker.connections("bus__nobody__a") == ()

    def test_a_deleted_user_is_gone_with_its_rights(self, broker: Broker) -> None:
        user = BrokerUser(name="bus__meca-exporter__b", password_hash=rabbitmq_hash("sesame"))
        broker.put_user(user)
        broker.grant(Grant(user=user.name, permissions=Permissions()))
        for _ in range(2):
            broker.close_connections(user.name, "rights changed")
            broker.delete_user(user.name)
        seen = broker.observe()
        assert (seen.users, seen.grants) == ((), ())

    def test_rights_need_their_user(self, broker: Broker) -> None:
        with pytest.raises(BrokerConflict):
            broker.grant(Grant(user="bus__nobody__a", permissions=Permissions()))


def counts(broker: Broker, name: str, wanted: tuple[int, int, int]) -> Callable[[], bool]:
    """Whether the queue has so many ready and unacknowledged messages and consumers."""

    def look() -> bool:
        found = queue_of(broker.observe(), name)
        return found is not None and (found.ready, found.unacked, found.consumers) == wanted

    return look
