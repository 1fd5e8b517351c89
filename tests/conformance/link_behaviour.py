"""What every `Link` does with queues and bindings; each one's tests inherit from here."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from bus_core.connecting import open_link
from bus_core.copies import same_letter
from bus_core.errors import NotFound, PreconditionFailed
from bus_core.link import ConsumeOptions, Link, Settlement
from bus_core.message import Delivery, Message
from bus_core.moving import Mover
from bus_core.topology import ENDLESS_DELIVERIES, Binding, Exchange, Queue, Topology
from tests.harness.poll import wait_until

QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": ENDLESS_DELIVERIES}
CLASSIC = {"x-queue-type": "classic"}
TYPES = pytest.mark.parametrize("arguments", [QUORUM, CLASSIC], ids=["quorum", "classic"])


class LinkBehaviour:
    """Inherit, and provide the fixture `url` of an empty broker."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def link(self, url: str) -> Iterator[Link]:
        link = open_link(url, client_name="test")
        yield link
        link.close()

    @pytest.fixture
    def worker(self, url: str) -> Iterator[Link]:
        """Somebody else at the same broker."""
        link = open_link(url, client_name="worker")
        yield link
        link.close()

    @pytest.fixture
    def fill(self, link: Link) -> Callable[[str, int], None]:
        """Put numbered messages into a queue."""

        def fill(queue: str, count: int) -> None:
            sending = [
                link.publish("", queue, Message(body=b"%d" % number), mandatory=True)
                for number in range(count)
            ]
            for one in sending:
                one.result(30)

        return fill

    def test_bindings_are_made_before_others_end(self, link: Link) -> None:
        one, other = Binding(source="e", queue="one"), Binding(source="e", queue="other")
        link.declare(
            Topology(
                exchanges=(Exchange(name="e"),),
                queues=(Queue(name="one"), Queue(name="other")),
                bindings=(one,),
            )
        )
        for _ in range(2):
            link.rebind([other], [one])
        link.publish("e", "", Message(body=b"1")).result(30)
        assert waiting(link, "one", "other") == [0, 1]
        gone = [Binding(source="e", queue="gone"), Binding(source="gone", queue="one")]
        link.rebind([], gone)
        for missing in gone:
            with pytest.raises(NotFound):
                link.rebind([missing], [])
        link.rebind([one], [other])
        link.publish("e", "", Message(body=b"2")).result(30)
        assert waiting(link, "one", "other") == [1, 1]

    @TYPES
    def test_an_empty_queue_is_deleted(self, link: Link, arguments: dict[str, str]) -> None:
        link.declare(Topology(queues=(Queue(name="q", arguments=arguments),)))
        assert link.delete_queue("q")
        assert link.look("q") is None
        assert link.delete_queue("q")

    @TYPES
    def test_one_with_a_message_stays_with_its_message(
        self, link: Link, fill: Callable[[str, int], None], arguments: dict[str, str]
    ) -> None:
        successor = Queue(name="q", arguments={"x-queue-type": "classic", "x-max-priority": 2})
        link.declare(Topology(queues=(Queue(name="q", arguments=arguments),)))
        fill("q", 1)
        for _ in range(40):  # RabbitMQ 4 would lose it at the 21st look without a delivery limit
            assert not link.delete_queue("q", successor=successor)
        assert waiting(link, "q") == [1]

    @TYPES
    def test_its_successor_has_other_arguments(self, link: Link, arguments: dict[str, str]) -> None:
        link.declare(Topology(queues=(Queue(name="q", arguments=arguments),)))
        successor = Queue(name="q", arguments={"x-queue-type": "classic", "x-max-priority": 2})
        for _ in range(2):
            assert link.delete_queue("q", successor=successor)
        assert link.look("q") is not None
        with pytest.raises(PreconditionFailed):
            # It is not the one of before: `other` cannot be made in its place.
            link.delete_queue("other", successor=Queue(name="q", arguments=arguments))
        assert link.delete_queue("missing", successor=Queue(name="made"))
        assert link.look("made") is not None

    def test_a_worker_follows_to_the_successor(
        self, link: Link, worker: Link, fill: Callable[[str, int], None]
    ) -> None:
        came: list[Delivery] = []
        old = Topology(queues=(Queue(name="q", arguments=CLASSIC),))
        link.declare(old)
        worker.consume(ConsumeOptions(queue="q", topology=old), came.append)
        wait_until(lambda: consumers(link, "q") == 1)
        assert link.delete_queue("q", successor=Queue(name="q", arguments=QUORUM))
        fill("q", 3)
        wait_until(lambda: len(came) == 3, timeout=40)

    @TYPES
    def test_messages_are_moved_whole(self, link: Link, arguments: dict[str, str]) -> None:
        link.declare(Topology(queues=(Queue(name="from", arguments=arguments), Queue(name="to"))))
        message = Message(
            body=b"\x00whole",
            headers={"own": "kept", "x-death": [{"queue": "a", "reason": "expired"}]},
            content_type="text/plain",
            message_id="id",
            type="t",
            app_id="app",
            correlation_id="story",
            timestamp=1_700_000_000,
        )
        link.publish("", "from", message, mandatory=True).result(30)
        mover = Mover(link, "from", "to")
        mover.start()
        wait_until(lambda: mover.moved == 1)
        mover.close()
        (found,) = take(link, "to", 1)
        headers = {**found.message.headers}
        headers.pop("bus-attempt", None)  # by which RabbitMQ's link knows what comes back
        assert headers == {"own": "kept"}
        assert found.message.with_headers({}) == message.with_headers({})
        mover = Mover(link, "to", "from", copy=same_letter)
        link.publish("", "to", message, mandatory=True).result(30)
        mover.start()
        wait_until(lambda: mover.moved >= 1)
        mover.close()
        letter = take(link, "from", 1)[0]
        assert [one["queue"] for one in letter.message.headers["x-death"]] == ["a"]

    def test_many_are_moved_in_their_order_and_stay_when_it_rests(
        self, link: Link, fill: Callable[[str, int], None]
    ) -> None:
        queues = [Queue(name=name, arguments=QUORUM) for name in ("from", "to")]
        link.declare(Topology(queues=tuple(queues)))
        fill("from", 2_000)
        mover = Mover(link, "from", "to")
        mover.start()
        wait_until(lambda: mover.moved > 50)
        mover.close()
        assert mover.on_the_way == 0
        wait_until(lambda: sum(waiting(link, "from", "to")) == 2_000)
        assert waiting(link, "to") == [mover.moved]
        second = Mover(link, "from", "to")
        second.start()
        wait_until(lambda: waiting(link, "to") == [2_000], timeout=30)
        second.close()
        numbers = [int(one.message.body) for one in take(link, "to", 2_000)]
        assert [pair for pair in pairwise(numbers) if pair[0] >= pair[1]] == []
        assert mover.again + second.again == 0

    def test_what_cannot_be_sent_waits_until_it_can(
        self, link: Link, fill: Callable[[str, int], None]
    ) -> None:
        link.declare(Topology(queues=(Queue(name="from", arguments=QUORUM),)))
        fill("from", 3)
        mover = Mover(link, "from", "to")
        mover.start()
        wait_until(lambda: mover.error and mover.on_the_way == 3)
        mover.go_on()
        wait_until(lambda: mover.on_the_way == 3)
        assert mover.moved == 0
        link.declare(Topology(queues=(Queue(name="to"),)))

        def all_moved() -> bool:
            mover.go_on()
            return mover.moved == 3

        wait_until(all_moved)
        wait_until(lambda: mover.on_the_way == 0)
        mover.close()
        assert (mover.error, waiting(link, "from", "to")) == ("", [0, 3])

    def test_an_absent_queue_is_waited_for(
        self, link: Link, fill: Callable[[str, int], None]
    ) -> None:
        mover = Mover(link, "from", "to")
        mover.start()
        link.declare(Topology(queues=(Queue(name="to"), Queue(name="from"))))
        fill("from", 2)
        wait_until(lambda: mover.moved == 2)
        mover.close()


def waiting(link: Link, *queues: str) -> list[int]:
    """How many messages wait in each queue."""
    found = [link.look(queue) for queue in queues]
    return [one.waiting if one else -1 for one in found]


def consumers(link: Link, queue: str) -> int:
    """How many consumers a queue has."""
    found = link.look(queue)
    return found.consumers if found else -1


def take(link: Link, queue: str, count: int) -> list[Delivery]:
    """Take messages out of a queue."""
    came: list[Delivery] = []
    consumption = link.consume(ConsumeOptions(queue=queue, may_declare=False), came.append)
    settled = 0
    while settled < count:
        wait_until(lambda: len(came) > settled)  # noqa: B023
        for delivery in came[settled:]:
            consumption.settle(delivery, Settlement.ACK)
            settled += 1
    consumption.close().result(10)
    return came
