"""A queue is removed on a real broker: its messages are counted in quarantine and back again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bus_core import Event, connect
from bus_core.topology import consumer_queue
from tests.faults.conftest import Books, Service
from tests.harness.admin import EVENT_TYPE, QUEUE, SERVICE, Admin
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

MANY = 3_000


@pytest.fixture
def admin(rabbit: Vhost, tmp_path: Path) -> Iterator[Admin]:
    with ExitStack() as stack:
        admin = Admin(rabbit, tmp_path, stack)
        admin.do("prepare", EVENT_TYPE, SERVICE, "quorum")
        admin.work()
        yield admin


def publish(rabbit: Vhost, count: int) -> list[str]:
    events = [Event(EVENT_TYPE, number) for number in range(count)]
    with connect(rabbit.amqp_url, service="publisher") as bus:
        bus.publish_many(events)
    return [event.id for event in events]


def waiting(rabbit: Vhost, queue: str = QUEUE) -> int:
    """How many messages wait in a queue, at this moment."""
    with rabbit.connect() as connection:
        return int(connection.channel().queue_declare(queue, passive=True).method.message_count)


def retire(admin: Admin) -> None:
    """End the subscription and wait until its queue is seen to be nobody's."""
    admin.do("retire")
    query = "SELECT sync FROM reconcile_brokerobject WHERE kind='queue' AND name=?"
    wait_until(lambda: admin.ask(query, QUEUE) == [("unmanaged",)], timeout=20)


def quarantine(admin: Admin) -> tuple[str, int]:
    """Name and messages of the quarantine."""
    ((name, messages),) = admin.ask("SELECT name, messages FROM reconcile_quarantine")
    return str(name), int(messages)


def test_every_message_goes_into_quarantine_and_comes_back(
    admin: Admin, rabbit: Vhost, books: Books
) -> None:
    published = publish(rabbit, MANY)
    retire(admin)
    # When it is removed while events still come
    admin.do("remove", "quarantine")
    admin.until("unbind")
    with rabbit.connect() as connection:
        for _ in range(5):  # past all bindings
            connection.channel().basic_publish("", QUEUE, b"a stranger's")
    done = admin.until("done")
    assert done["state"] == "done", done
    assert not admin.queue()
    name, messages = quarantine(admin)
    assert (messages, waiting(rabbit, name)) == (MANY + 5, MANY + 5)
    print(f"\n{MANY} published and 5 sent past the bindings, {messages} in quarantine")

    # Then they come back into the queue made again, and are handled
    admin.do("revive")
    wait_until(admin.queue, timeout=30)
    query = "SELECT sync FROM reconcile_brokerobject WHERE kind='queue' AND name=?"
    wait_until(lambda: admin.ask(query, QUEUE) == [("in_sync",)], timeout=20)
    admin.do("restore")
    done = admin.until("done")
    assert done["state"] == "done", done
    assert not admin.queue(name)
    assert waiting(rabbit) == MANY + 5
    with Service(rabbit.amqp_url, EVENT_TYPE, name=SERVICE) as service:
        service.wait_for_all(published)
        print(f"\n{books.count(published, service.handled)} after they were restored")
        assert sorted(service.handled) == sorted(published)


@pytest.mark.long
def test_a_worker_that_is_still_connected_finishes_first(admin: Admin, rabbit: Vhost) -> None:
    def said(*parts: object) -> Callable[[], str]:
        return lambda: f"{admin.operation} {parts}"

    # A worker of somebody who does not hear the registry: it goes on.
    with rabbit.connect() as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=10)
        held: list[int] = []
        channel.basic_consume(QUEUE, lambda _c, method, _p, _b: held.append(method.delivery_tag))
        publish(rabbit, 30)
        wait_until(lambda: connection.process_data_events(0.1) or len(held) == 10)
        retire(admin)
        admin.do("remove", "quarantine")
        wait_until(
            lambda: (
                admin.operation["moved"] == 20
                and "10 are in the hands of workers" in admin.operation["sentence"]
            ),
            timeout=30,
            message=said(held),
        )
        connection.process_data_events(8)
        assert admin.operation["phase"] == "empty"  # longer than it takes for an empty one
        for tag in held:
            channel.basic_ack(tag)
        connection.process_data_events(0.1)
        done = admin.until("done")
        assert done["state"] == "done", done
        assert quarantine(admin)[1] == 20


@pytest.mark.long
def test_taken_back_everything_is_in_the_queue_again(admin: Admin, rabbit: Vhost) -> None:
    publish(rabbit, MANY)
    retire(admin)
    admin.do("remove", "quarantine")
    admin.until("empty")
    wait_until(lambda: admin.operation["moved"], timeout=30)
    admin.do("cancel")
    done = admin.until("rolled_back")
    assert done["state"] == "rolled_back", done
    assert waiting(rabbit) == MANY
    publish(rabbit, 1)
    assert waiting(rabbit) == MANY + 1
    assert consumer_queue(EVENT_TYPE, SERVICE) == QUEUE
