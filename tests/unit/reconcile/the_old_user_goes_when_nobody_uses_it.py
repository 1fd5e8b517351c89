"""The leader ends a rotation when the new user was used and the old one is not any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile import overlap, rotation
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import CredentialUse, Lease
from eventbus_admin.reconcile.overlap import overdue, overlap_of
from eventbus_admin.reconcile.rotation import Rotations
from eventbus_admin.registry.actions import (
    cancel_rotation,
    end_rotation,
    reissue_credential,
    rotate_credential,
)
from eventbus_admin.registry.models import Credential, Service
from tests.unit.reconcile.brokers import Wrapped, wrapped

OLD, NEW = "bus__meca-exporter__a", "bus__meca-exporter__b"


class World:
    """A rotation, a broker that says who is connected, and a clock."""

    def __init__(self, broker: Wrapped, service: Service) -> None:
        self.broker, self.service = broker, service
        self.leadership = Leadership()
        self.leadership.renew()
        self.rotations = Rotations(broker, self.leadership)
        self.now = timezone.now()

    def look(self, old: int = 0, new: int = 0, *, after: float = 5.0) -> None:
        """Let time pass, then look, when so many connections of each are open."""
        self.now += timedelta(seconds=after)
        self.broker.connected = {OLD: ("10.0.0.1",) * old, NEW: ("10.0.0.2",) * new}
        self.rotations.turn()

    def looks(self, seconds: float, old: int = 0, new: int = 0) -> None:
        """Look every 5 s for so long."""
        for _ in range(int(seconds / 5)):
            self.look(old, new)

    @property
    def live(self) -> set[str]:
        return {one.slot for one in Credential.objects.live()}

    @property
    def sentence(self) -> str:
        found = overlap_of(self.service)
        return found.sentence if found else ""


class Clock:
    """Django's clock, standing still where the world says."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now


@pytest.fixture
def world(
    memory: MemoryBroker,
    make_rotation: Callable[[str], Service],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    world = World(wrapped(memory), make_rotation("meca-exporter"))
    for module in (rotation, overlap):
        monkeypatch.setattr(module, "timezone", Clock(world))
    return world


def test_it_goes_when_the_new_one_is_used_and_nobody_used_it_for_a_minute(world: World) -> None:
    world.looks(300, old=2)
    assert world.live == {"a", "b"}
    world.looks(300, old=2, new=1)
    assert world.live == {"a", "b"}
    world.look(new=2)
    world.looks(55, new=2)
    assert world.live == {"a", "b"}
    world.look(new=2)
    assert world.live == {"b"}
    ended, revoked = AuditEntry.objects.order_by("id")
    assert (ended.actor_name, ended.verb, ended.object_name) == (
        "system",
        "ended the rotation",
        OLD,
    )
    assert ended.after == {"why": "the new one is in use, and this one was not for 60 s"}
    assert (revoked.actor_name, revoked.verb) == ("system", "revoked")


def test_it_stays_while_nobody_has_the_new_one(world: World) -> None:
    world.looks(600)
    assert world.live == {"a", "b"}
    assert "Nobody has connected with the new one yet." in world.sentence


def test_the_new_one_need_not_be_connected_all_the_time(world: World) -> None:
    world.look(old=1, new=1)
    world.looks(65)
    assert world.live == {"b"}


def test_somebody_who_comes_back_has_the_time_begin_anew(world: World) -> None:
    world.look(new=1)
    world.looks(55, new=1)
    world.look(old=1, new=1)
    world.looks(60, new=1)
    assert world.live == {"a", "b"}
    world.look(new=1)
    assert world.live == {"b"}


def test_time_in_which_nobody_looked_does_not_count(world: World) -> None:
    world.look(old=1, new=1)
    world.look(new=1)
    world.look(new=1, after=600)
    assert world.live == {"a", "b"}
    world.looks(60, new=1)
    assert world.live == {"b"}


def test_a_broker_that_is_away_is_no_quiet_time(world: World) -> None:
    world.look(old=1, new=1)
    world.broker.away = True
    world.looks(120, new=1)
    world.broker.away = False
    world.look(new=1)
    assert world.live == {"a", "b"}
    assert CredentialUse.objects.get(credential__slot="a").since == world.now


def test_what_was_seen_of_an_earlier_user_of_the_slot_does_not_count(world: World) -> None:
    world.look(old=1, new=1)
    cancel_rotation(actor=SYSTEM, service=world.service)
    rotate_credential(actor=SYSTEM, service=world.service)
    assert world.sentence == "Nobody has looked at the connections yet."
    world.looks(120)
    assert world.live == {"a", "b"}


def test_who_does_not_lead_does_nothing(world: World) -> None:
    world.leadership.release()
    world.looks(120, new=1)
    assert not CredentialUse.objects.exists()


def test_who_was_overtaken_writes_nothing(world: World) -> None:
    world.look(new=1)
    seen = CredentialUse.objects.get(credential__slot="a").observed_at
    Lease.objects.update(fence=99)
    world.looks(120, new=1)
    assert CredentialUse.objects.get(credential__slot="a").observed_at == seen
    assert world.live == {"a", "b"}


def test_nobody_is_asked_when_nothing_rotates(
    world: World, make_service: Callable[..., Service]
) -> None:
    end_rotation(actor=SYSTEM, service=world.service)
    reissue_credential(actor=SYSTEM, service=world.service, keep_old=True)
    world.broker.away = True
    with CaptureQueriesContext(connection) as captured:
        world.rotations.turn()
    assert len(captured) == 1
    assert not CredentialUse.objects.exists()


def test_each_service_has_its_own(world: World, make_rotation: Callable[[str], Service]) -> None:
    make_rotation("crossref")
    world.look(new=1)
    world.looks(60, new=1)
    assert {str(one) for one in Credential.objects.live()} == {
        NEW,
        "bus__crossref__a",
        "bus__crossref__b",
    }


# -- what is said about it ---------------------------------------------------------------------


def test_it_says_who_is_connected_and_what_is_next(world: World) -> None:
    assert world.sentence == "Nobody has looked at the connections yet."
    world.look(old=2, new=1)
    found = overlap_of(world.service)
    assert found is not None
    assert (found.old.connections, found.new.connections) == (2, 1)
    assert found.old.use is not None
    assert found.old.use.hosts == ["10.0.0.1"]
    assert found.old.use.since == found.old.use.observed_at == world.now
    assert found.sentence.startswith("2 connections still use the old one.")
    world.look(old=1, new=2)
    assert world.sentence.startswith("1 connection still uses the old one.")
    world.look(new=2)
    assert "It is revoked by itself when that has been so for 60 s." in world.sentence


def test_it_needs_a_person_after_a_week_and_is_not_cut(world: World) -> None:
    world.look(old=1, new=1)
    assert not overdue(Credential.objects.all())
    world.now += timedelta(days=7, minutes=1)
    world.look(old=1, new=1)
    (late,) = overdue(Credential.objects.all())
    assert late.user == OLD
    assert world.live == {"a", "b"}
    assert world.sentence.startswith("It goes on for more than 7 days. 1 connection still uses")


def test_on_the_embedded_broker_a_person_ends_it(world: World, settings: Any) -> None:
    settings.EVENTBUS_BACKEND = "mock"
    world.looks(120)
    assert world.live == {"a", "b"}
    assert "nobody can tell which one is used. End the overlap" in world.sentence
    end_rotation(actor=SYSTEM, service=world.service)
    assert world.live == {"b"}
