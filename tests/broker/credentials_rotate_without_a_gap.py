"""A rotation under load with a rolling restart: nothing is lost, and nobody is cut."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pika
import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.broker.users import connection_url
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.overlap import overlap_of
from eventbus_admin.reconcile.rotation import Rotations
from eventbus_admin.registry.actions import (
    Issued,
    allow_publication,
    cancel_rotation,
    create_event_type,
    create_service,
    create_subscription,
    end_rotation,
    issue_credential,
    rotate_credential,
)
from eventbus_admin.registry.models import Credential, Service
from tests.harness.load import Load
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

ME = "meca-exporter"
OLD, NEW = f"bus__{ME}__a", f"bus__{ME}__b"
QUIET_SECONDS = 3
WORKER_CONNECTIONS = 3
"""One to publish, one to consume, one to follow directives."""


class World:
    """A service that publishes and handles A, a leader, and processes with the service's URLs."""

    def __init__(self, rabbit: Vhost, folder: Path) -> None:
        self.rabbit, self.folder = rabbit, folder
        self.broker = RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url)
        self.leadership = Leadership()
        self.rotations = Rotations(self.broker, self.leadership)

    def lead(self) -> None:
        """Do once what the leader does again and again."""
        done = reconcile_once(self.broker, fence=self.leadership.renew())
        assert (done.failed, done.error) == ((), "")
        self.rotations.turn()

    def url(self, issued: Issued) -> str:
        self.lead()
        return connection_url(issued.credential.user, issued.secret)

    def worker(self, name: str, url: str) -> ManagedProcess:
        """Start a worker; returns when it is connected, as a rolling restart would wait."""
        user = OLD if f"{OLD}%40" in url else NEW
        wanted = self.connections(user) + WORKER_CONNECTIONS
        program, file = "tests.harness.programs.worker", str(self.folder / name)
        worker = ManagedProcess([sys.executable, "-m", program, url, ME, "A", file])
        wait_until(lambda: self.connections(user) == wanted, message=worker.output_tail)
        return worker

    def connections(self, user: str) -> int:
        """What RabbitMQ itself says."""
        login = quote(f"{user}@{self.rabbit.vhost}", safe="")
        return len(self.rabbit.node.api("GET", f"connections/username/{login}"))

    def led_until(self, is_so: Any, timeout: float = 30.0) -> None:
        wait_until(lambda: self.lead() or is_so(), timeout=timeout)

    def handled(self) -> Counter[str]:
        files = [one for one in self.folder.iterdir() if one.suffix != ".begun"]
        return Counter(line for one in files for line in one.read_text().splitlines())


def live() -> set[str]:
    return {one.slot for one in Credential.objects.live()}


@pytest.fixture
def world(rabbit: Vhost, settings: Any, db: None, tmp_path: Path) -> World:
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = settings.EVENTBUS_PUBLIC_AMQP_URL = rabbit.amqp_url
    settings.EVENTBUS_ROTATION_QUIET_SECONDS = QUIET_SECONDS
    Team.objects.create(name="Journals")
    create_service(actor=SYSTEM, name=ME, owner="Journals")
    create_event_type(actor=SYSTEM, name="A", owner="Journals")
    create_subscription(actor=SYSTEM, service=ME, event_type="A")
    allow_publication(actor=SYSTEM, service=ME, event_type="A")
    return World(rabbit, tmp_path)


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_rolling_restart_of_two_workers_under_load(world: World, processes: ExitStack) -> None:
    # Given two workers and a publisher with the old credentials
    old = world.url(issue_credential(actor=SYSTEM, service=ME))
    workers = [processes.enter_context(world.worker(f"old{n}", old)) for n in range(2)]
    with Load(old, "A", timeout=30, threads=1) as before:
        wait_until(lambda: len(before.returned) > 200)
        new = world.url(rotate_credential(actor=SYSTEM, service=ME))
        world.lead()
        assert (world.connections(OLD), world.connections(NEW)) == (7, 0)

        # When the publisher moves over, and then one worker after the other
        with Load(new, "A", timeout=30, threads=1) as after:
            wait_until(lambda: len(after.returned) > 200)
            before.stop()
            seen = []
            for number, leaving in enumerate(list(workers)):
                workers.append(processes.enter_context(world.worker(f"new{number}", new)))
                world.lead()
                assert leaving.running
                seen.append((world.connections(OLD), world.connections(NEW)))
                assert live() == {"a", "b"}, "somebody used the old one"
                assert leaving.terminate() == 0
            world.led_until(lambda: world.connections(OLD) == 1)
            assert live() == {"a", "b"}, "the first publisher is still connected"
            before._bus.close()

            # Then the old user goes by itself, and only then
            world.led_until(lambda: live() == {"b"})
            world.lead()
            assert [one.name for one in world.broker.observe().users or ()] == [NEW]
            assert world.connections(NEW) == 7
            count = len(after.returned)
            wait_until(lambda: len(after.returned) > count + 200)

    # And every event was handled
    published = {*before.returned, *after.returned}
    wait_until(lambda: published <= world.handled().keys(), timeout=60)
    handled = world.handled()
    again = sum(count - 1 for count in handled.values())
    refused = [len(one.absent) + len(one.unknown) for one in (before, after)]
    print(
        f"\n{len(published)} published ({len(before.returned)} with the old, "
        f"{len(after.returned)} with the new), {sum(refused)} not published, "
        f"{len(published - handled.keys())} lost, {again} handled again; "
        f"connections old/new while moving: {seen}"
    )
    assert refused == [0, 0]
    # Neither was anybody cut: each connection of the old user was closed from our side.
    for one in workers[:2]:
        assert "ended" in one.output
        assert "no connection" not in one.output
    ended = AuditEntry.objects.get(verb="ended the rotation")
    assert (ended.actor_name, ended.object_name) == ("system", OLD)
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(old))


def test_a_person_ends_it_and_who_was_left_is_cut(world: World, processes: ExitStack) -> None:
    old = world.url(issue_credential(actor=SYSTEM, service=ME))
    worker = processes.enter_context(world.worker("old", old))
    rotate_credential(actor=SYSTEM, service=ME)
    world.lead()
    found = overlap_of(Service.objects.get())
    assert found is not None
    assert found.old.connections == world.connections(OLD) == WORKER_CONNECTIONS
    assert found.old.use is not None
    assert found.old.use.hosts == ["127.0.0.1"]
    assert "Nobody has connected with the new one yet." in found.sentence
    end_rotation(actor=SYSTEM, service=ME)
    world.led_until(lambda: world.connections(OLD) == 0)
    worker.wait_for_line("RabbitMQ refused the user name or the password")


def test_a_cancelled_one_leaves_the_old_one_alone(world: World, processes: ExitStack) -> None:
    old = world.url(issue_credential(actor=SYSTEM, service=ME))
    worker = processes.enter_context(world.worker("old", old))
    new = world.url(rotate_credential(actor=SYSTEM, service=ME))
    pika.BlockingConnection(pika.URLParameters(new)).close()
    cancel_rotation(actor=SYSTEM, service=ME)
    world.lead()
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(new))
    assert world.connections(OLD) == WORKER_CONNECTIONS
    assert "no connection" not in worker.output
