"""pika's private parts do on a real connection what `bus_core.rabbitmq.bursts` takes them to do.

When something here fails with a new pika, look at what it changed before it is pinned.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from pika.adapters.utils import io_services_utils
from pika.frame import Body, Header, Method

from bus_core import Event, EventBus, connect
from bus_core.rabbitmq import connection as connections
from bus_core.rabbitmq.bursts import READ_BYTES, BurstConnection
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

PIKA_READS = 4096
EVENTS = 500


class Watched(BurstConnection):
    """A connection that notes which way bytes and frames go."""

    made: ClassVar[list["Watched"]] = []

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.bursts: list[int] = []
        self.left_to_pika = 0
        """Bytes of bursts that the socket did not take at once."""
        self.reads: list[int] = []
        self.frames_of_pika: list[str] = []
        self.made.append(self)
        self._sending = False
        super().__init__(*arguments, **options)

    def send(self, data: bytes) -> None:
        self.bursts.append(len(data))
        self._sending = True
        super().send(data)
        self._sending = False

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._sending:
            self.left_to_pika += len(data)
        super()._adapter_emit_data(data)

    def _on_data_available(self, data_in: bytes) -> None:
        self.reads.append(len(data_in))
        super()._on_data_available(data_in)

    def _process_frame(self, frame_value: Any) -> None:
        self.frames_of_pika.append(_name(frame_value))
        super()._process_frame(frame_value)


def _name(frame: Any) -> str:
    if isinstance(frame, Method):
        return str(frame.method.NAME)
    return {Header: "header", Body: "body"}.get(type(frame), "other")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Watched]:
    """The connections that the test makes."""
    assert connections._Connection is BurstConnection
    monkeypatch.setattr(connections, "_Connection", Watched)
    monkeypatch.setattr(Watched, "made", [])
    return Watched.made


@pytest.fixture
def handled() -> list[Any]:
    return []


@pytest.fixture
def worker(rabbit: Vhost, handled: list[Any]) -> Iterator[EventBus]:
    with connect(rabbit.amqp_url, service="meca-exporter") as bus:
        bus.subscribe("exportRequested")(lambda event: handled.append(event.payload))
        bus.start(wait=20)
        yield bus


def publishing(made: list[Watched]) -> Watched:
    """The connection on which bursts were sent."""
    (found,) = [one for one in made if one.bursts]
    return found


def consuming(made: list[Watched]) -> Watched:
    """The one on which events came; directives come on another."""
    return max((one for one in made if not one.bursts), key=lambda one: sum(one.reads))


def publish_and_wait(bus: EventBus, handled: list[Any], payloads: list[Any]) -> None:
    bus.publish_many(Event("exportRequested", payload) for payload in payloads)
    wait_until(lambda: len(handled) == len(payloads), timeout=30)
    assert handled == payloads


def test_bursts_go_to_the_socket_at_once_and_are_counted(
    worker: EventBus, handled: list[Any], made: list[Watched]
) -> None:
    for _ in range(5):
        handled.clear()
        publish_and_wait(worker, handled, ["x" * 100] * EVENTS)
    connection = publishing(made)
    assert sum(connection.bursts) > 5 * EVENTS * 100
    assert len(connection.bursts) < EVENTS
    # A burst goes behind what pika has not written yet, such as a report; most find nothing there.
    assert connection.left_to_pika < sum(connection.bursts) / 2
    assert connection.bytes_sent > sum(connection.bursts)


def test_pika_sends_what_the_socket_does_not_take(
    worker: EventBus, handled: list[Any], made: list[Watched]
) -> None:
    publish_and_wait(worker, handled, [hashlib.sha256(b"large").hexdigest() * 7 * 16_384])
    connection = publishing(made)
    assert 0 < connection.left_to_pika < sum(connection.bursts)


def test_reads_are_large_on_our_connections_and_on_no_other(
    worker: EventBus, handled: list[Any], made: list[Watched]
) -> None:
    # Longer than one read, so its frames have to be put together from several.
    long = hashlib.sha256(b"long").hexdigest() * 3 * (READ_BYTES // 64)
    publish_and_wait(worker, handled, [long, *["x" * 1000] * EVENTS])
    assert PIKA_READS < max(consuming(made).reads) <= READ_BYTES
    assert io_services_utils._AsyncPlaintextTransport._MAX_RECV_BYTES == PIKA_READS


def test_confirms_and_deliveries_do_not_go_through_pika(
    worker: EventBus, handled: list[Any], made: list[Watched]
) -> None:
    publish_and_wait(worker, handled, list(range(EVENTS)))
    assert "Confirm.SelectOk" in publishing(made).frames_of_pika
    assert not {"Basic.Ack", "Basic.Nack"} & set(publishing(made).frames_of_pika)
    assert "Basic.ConsumeOk" in consuming(made).frames_of_pika
    streams = {"Basic.Deliver", "header", "body"}
    assert not streams & set(consuming(made).frames_of_pika)
    for connection in made:
        wait_until(lambda: connection.bytes_received == sum(connection.reads))  # noqa: B023
        assert connection._frame_buffer == b""


def test_the_transport_is_the_one_that_we_write_to(worker: EventBus, made: list[Watched]) -> None:
    worker.publish(Event("exportRequested"))
    for connection in made:
        transport = connection._transport
        assert type(transport) is io_services_utils._AsyncPlaintextTransport
        wait_until(lambda: transport.get_write_buffer_size() == 0)  # noqa: B023
        assert connection._socket_of(transport).getpeername()[1] == connection.params.port
