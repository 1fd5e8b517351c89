"""A world in which anything happens in any order: the registry changes, others change the broker,
calls fail, processes begin anew. No tests; `any_sequence_converges` and its twin play in it.

To add something that may happen, add a rule. What must never happen is an invariant. Where it all
must lead is checked in `teardown`.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bus_core.topology import Binding, Exchange, Queue, consumer_policy, consumer_queue, parse_name
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.errors import (
    BrokerAbsent,
    BrokerConflict,
    BrokerError,
    BrokerFailed,
    BrokerRefused,
    BrokerUnavailable,
)
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Lease,
    ReconcileState,
    SubscriptionStatus,
)
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.models import Credential, EventType, Service, Subscription
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.revision import bump_revision, current_revision
from tests.unit.broker.behaviour import Hands
from tests.unit.reconcile.brokers import Wrapped
from tests.unit.reconcile.clock import Clock

TYPES = ("exportRequested", "A")
SERVICES = ("export-manager", "s")
COMPARE_SECONDS = 5.0
ERRORS = (BrokerAbsent, BrokerUnavailable, BrokerFailed, BrokerRefused, BrokerConflict)
FOREIGN_QUEUE = Queue(name="orders", arguments={"x-queue-type": "classic", "x-max-length": 9})
FOREIGN_EXCHANGE = Exchange(name="orders", type="topic")
FOREIGN_BINDING = Binding(source="orders", queue="orders", routing_key="#")

types = st.sampled_from(TYPES)
services = st.sampled_from(SERVICES)
names = st.tuples(types, services).map(lambda pair: consumer_queue(*pair))
delays = st.sampled_from([[1000], [1000, 60_000], [5000]])


@dataclass(frozen=True)
class Place:
    """A broker of a world's own, somebody else's hands at it, and what clears it away."""

    make_broker: Callable[[], Broker]
    hands: Hands
    close: Callable[[], None]


class World(RuleBasedStateMachine):
    """Set `place` in a subclass."""

    place: Callable[[], Place]
    tally: dict[str, int]

    @initialize()
    def begin(self) -> None:
        """An empty registry, and a broker with things of somebody else's."""
        self.stack = ExitStack()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        here = type(self).place()
        self.stack.callback(here.close)
        self.here = here
        self.plain = here.make_broker()
        self.hands = here.hands
        self.clock = Clock()
        self.full: set[str] = set()
        self.team = Team.objects.create(name="Journals")
        for name in TYPES:
            EventType.objects.create(name=name, owner=self.team)
        for name in SERVICES:
            Service.objects.create(name=name, owner=self.team)
        self.plain.declare_exchange(FOREIGN_EXCHANGE)
        self.plain.declare_queue(FOREIGN_QUEUE)
        self.plain.bind(FOREIGN_BINDING)
        self.hands.send("orders", 2)
        self.restart()

    # -- the registry changes ------------------------------------------------------------------

    @rule(event_type=types, service=services, kind=st.sampled_from(["quorum", "classic"]))
    def subscribe(self, event_type: str, service: str, kind: str) -> None:
        row, made = Subscription.objects.get_or_create(
            event_type=EventType.objects.get(name=event_type),
            service=Service.objects.get(name=service),
            defaults={"kind": kind},
        )
        if not made:
            Subscription.objects.filter(pk=row.pk).update(state="active")
        bump_revision()

    @rule(service=services, state=st.sampled_from(["active", "paused", "retired"]))
    def decide(self, service: str, state: str) -> None:
        Subscription.objects.filter(service__name=service).update(state=state)
        bump_revision()

    @rule(service=services, delays_ms=delays)
    def change_retries(self, service: str, delays_ms: list[int]) -> None:
        Subscription.objects.filter(service__name=service).update(retry_delays_ms=delays_ms)
        bump_revision()

    @rule(service=services, secret=st.sampled_from(["", "sesame", "other"]))
    def change_credentials(self, service: str, secret: str) -> None:
        """Issue, change or revoke them."""
        Credential.objects.update_or_create(
            service=Service.objects.get(name=service),
            slot="a",
            defaults={
                "password_hash": rabbitmq_hash(secret) if secret else "",
                "issued": timezone.now(),
                "revoked": None if secret else timezone.now(),
            },
        )
        bump_revision()

    # -- others change the broker --------------------------------------------------------------

    @rule(data=st.data())
    def somebody_deletes_a_queue(self, data: st.DataObject) -> None:
        if name := self._one_of_ours(data):
            self.hands.delete_queue(name)
            self.full.discard(name)

    @rule(data=st.data())
    def somebody_replaces_a_queue(self, data: st.DataObject) -> None:
        if name := self._one_of_ours(data):
            self.hands.delete_queue(name)
            self.full.discard(name)
            arguments = {"x-queue-type": "classic", "x-max-length": 7}
            self.plain.declare_queue(Queue(name=name, arguments=arguments))

    @rule(data=st.data())
    def somebody_unbinds(self, data: st.DataObject) -> None:
        bindings = [one for one in self.plain.observe().bindings if one != FOREIGN_BINDING]
        if bindings:
            self.hands.unbind(data.draw(st.sampled_from(bindings)))

    @rule(event_type=types)
    def somebody_deletes_an_exchange(self, event_type: str) -> None:
        if f"event__{event_type}" in self._exchanges():
            self.hands.delete_exchange(f"event__{event_type}")

    @rule(event_type=types)
    def somebody_listens_in(self, event_type: str) -> None:
        if f"event__{event_type}" in self._exchanges():
            self.plain.bind(Binding(source=f"event__{event_type}", queue="orders"))

    @rule(name=names)
    def a_service_declares_first(self, name: str) -> None:
        if name not in self._queues():
            self.plain.declare_queue(Queue(name=name, arguments={"x-queue-type": "quorum"}))

    @rule()
    def somebody_changes_the_policy(self) -> None:
        ours = consumer_policy()
        other = type(ours)(name=ours.name, pattern="^x", definition={"max-length": 1})
        self.plain.put_policy(other)

    @rule(data=st.data())
    def events_wait(self, data: st.DataObject) -> None:
        queues = [one for one in sorted(self._queues()) if one.startswith("consumer__")]
        if queues:
            name = data.draw(st.sampled_from(queues))
            self.hands.send(name, 1)
            self.full.add(name)

    # -- things fail ---------------------------------------------------------------------------

    @rule(error=st.sampled_from(ERRORS), after=st.integers(0, 8), times=st.integers(1, 5))
    def calls_will_fail(self, error: type[BrokerError], after: int, times: int) -> None:
        left = iter([None] * after + [error("It went wrong.")] * times)
        self.broker.refuse = lambda _name: next(left, None)

    @rule(away=st.booleans())
    def the_broker_goes_or_comes(self, away: bool) -> None:
        self.broker.away = away

    @rule()
    def restart(self) -> None:
        """Another process leads, which knows nothing; the one before is gone without a word."""
        Lease.objects.all().delete()
        self.broker = Wrapped(self.here.make_broker())
        self.leadership = Leadership()
        self.leadership.renew()
        self.reconciler = Reconciler(
            broker=self.broker,
            leadership=self.leadership,
            compare_seconds=COMPARE_SECONDS,
            clock=self.clock,
        )

    # -- work is done --------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.3, 2.0, 6.0, 60.0]))
    def work(self, seconds: float) -> None:
        self.clock.now += seconds
        self.reconciler.turn()

    @rule()
    def an_operator_applies(self) -> None:
        reconcile_once(self.broker, fence=self.leadership.renew(), policy=ApplyAll())

    # -- what must never happen ----------------------------------------------------------------

    @invariant()
    @precondition(lambda self: hasattr(self, "here"))
    def what_is_foreign_stays_as_it_is(self) -> None:
        seen = self.plain.observe()
        assert FOREIGN_EXCHANGE in [one.exchange for one in seen.exchanges]
        (queue,) = (one.queue for one in seen.queues if one.queue.name == "orders")
        assert dict(queue.arguments) == dict(FOREIGN_QUEUE.arguments)
        assert FOREIGN_BINDING in seen.bindings

    @invariant()
    @precondition(lambda self: hasattr(self, "here"))
    def what_holds_events_is_not_deleted(self) -> None:
        assert self.full <= self._queues()

    # -- where it all leads --------------------------------------------------------------------

    def teardown(self) -> None:
        """Everything works again, somebody applies what is left: registry and broker agree."""
        if not hasattr(self, "here"):
            return
        try:
            self._settle()
            self._check()
        finally:
            self.stack.close()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def _settle(self) -> None:
        self.broker.refuse = lambda _name: None
        self.broker.away = False
        for _ in range(3):
            self.clock.now += 100
            self.reconciler.turn()
        reconcile_once(self.broker, fence=self.leadership.renew(), policy=ApplyAll())
        self.reconciler.wake()
        self.reconciler.turn()

    def _check(self) -> None:
        plan = compare(self.plain)
        assert plan.applicable == (), plan.applicable
        self.broker.writes.clear()
        done = reconcile_once(self.broker, fence=self.leadership.renew(), policy=ApplyAll())
        assert done.results == ()
        assert self.broker.writes == []
        queues = self._queues()
        live = Subscription.objects.filter(state__in=("active", "paused"))
        for event_type, service in live.values_list("event_type__name", "service__name"):
            assert consumer_queue(event_type, service) in queues
        assert ReconcileState.objects.get().applied_revision == current_revision()
        assert "unknown" not in set(SubscriptionStatus.objects.values_list("sync", flat=True))
        rows = set(BrokerObject.objects.values_list("kind", "name", "sync"))
        assert rows == {(one.object, one.name, one.sync) for one in plan.items}
        self.tally["worlds"] += 1
        self.tally["objects"] += len(rows)
        self.tally["blocked or unmanaged"] += len(plan.steps)

    def _one_of_ours(self, data: st.DataObject) -> str | None:
        ours = sorted(one for one in self._queues() if parse_name(one))
        return data.draw(st.sampled_from(ours)) if ours else None

    def _queues(self) -> set[str]:
        return {one.queue.name for one in self.plain.observe().queues}

    def _exchanges(self) -> set[str]:
        return {one.exchange.name for one in self.plain.observe().exchanges}


def play(place: Callable[[], Place], **settings: Any) -> dict[str, int]:
    """Play in worlds at such places; returns what was counted."""
    from hypothesis import HealthCheck, Phase
    from hypothesis import settings as make_settings
    from hypothesis.stateful import run_state_machine_as_test

    tally = dict.fromkeys(("worlds", "objects", "blocked or unmanaged"), 0)

    class Here(World):
        pass

    Here.place = staticmethod(place)
    Here.tally = tally
    run_state_machine_as_test(
        Here,
        settings=make_settings(
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            database=None,
            **settings,
        ),
    )
    return tally
