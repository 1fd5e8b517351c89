"""The relay behaves as a bad network does: bytes wait, vanish, or their connection ends."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK
from tests.harness.relay import Relay, Way


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends everything back."""
    server = socket.create_server((LOOPBACK, 0))

    def answer(client: socket.socket) -> None:
        with client:
            while data := client.recv(100):
                client.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    server.close()


@pytest.fixture
def relay(echo: int) -> Iterator[Relay]:
    with Relay(echo) as relay:
        yield relay


@pytest.fixture
def client(relay: Relay) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, relay.port), timeout=0.2) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        yield client


def hears_nothing(client: socket.socket) -> bool:
    with pytest.raises(TimeoutError):
        client.recv(100)
    return True


def test_stalled_bytes_arrive_later(relay: Relay, client: socket.socket) -> None:
    relay.stall()
    client.sendall(b"wait")
    assert hears_nothing(client)
    relay.resume()
    client.settimeout(10)
    assert client.recv(100) == b"wait"


@pytest.mark.parametrize("way", Way)
def test_what_vanished_ends_its_connection_when_the_network_is_back(
    relay: Relay, client: socket.socket, way: Way
) -> None:
    relay.blackhole(way)
    client.sendall(b"lost")
    assert hears_nothing(client)
    wait_until(lambda: relay.swallowed == 4)
    relay.resume()
    client.settimeout(10)
    assert client.recv(100) == b""
    assert relay.cuts == 1


def test_a_connection_that_lost_nothing_stays(relay: Relay, client: socket.socket) -> None:
    relay.blackhole(Way.OUT)
    assert hears_nothing(client)
    relay.resume()
    client.settimeout(10)
    client.sendall(b"still here")
    assert client.recv(100) == b"still here"


def test_a_stalled_connection_can_be_cut(relay: Relay, client: socket.socket) -> None:
    relay.stall()
    client.sendall(b"wait")
    assert hears_nothing(client)
    assert relay.cut() == 1
    client.settimeout(10)
    assert client.recv(100) == b""
