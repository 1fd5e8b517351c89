"""What the broker takes at most: frames encoded beforehand, written to a bare socket."""

import socket
from itertools import takewhile
from struct import Struct
from typing import Any

import pika
from pika import frame, spec

from benchmarks.job import (
    EXCHANGE,
    WARM_UP_EVENTS,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    ready_body,
)

WINDOW = 2000
BURST = 100
READ_BYTES = 256 * 1024
_ack = Struct(">BHLHHQBB")  # frame header, class, method, tag, multiple, frame end


def publish(job: Job) -> Figures:
    """Write bursts of ready frames while the window has room, and count what is confirmed."""
    parameters = pika.URLParameters(job.url)
    with socket.create_connection((parameters.host, parameters.port), timeout=30) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _open_channel(sock, parameters)
        sender = _Sender(sock)
        for _ in range(WARM_UP_EVENTS // BURST):
            sender.send_burst()
        sender.wait_for_rest()
        before = sender.sent
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            sender.send_burst()
        sender.wait_for_rest()
        return watch.figures(sender.sent - before)


class _Sender:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._burst = _one_message() * BURST
        self._buffer = b""
        self._unconfirmed = dict[int, None]()
        self.sent = 0

    def send_burst(self) -> None:
        while len(self._unconfirmed) > WINDOW - BURST:
            self._take_confirms()
        self._sock.sendall(self._burst)
        self._unconfirmed.update(dict.fromkeys(range(self.sent + 1, self.sent + BURST + 1)))
        self.sent += BURST

    def wait_for_rest(self) -> None:
        while self._unconfirmed:
            self._take_confirms()

    def _take_confirms(self) -> None:
        buffer = self._buffer + _received(self._sock)
        whole = len(buffer) - len(buffer) % _ack.size
        self._buffer = buffer[whole:]
        for _, _, _, _, method, tag, multiple, _ in _ack.iter_unpack(buffer[:whole]):
            if method != spec.Basic.Ack.INDEX & 0xFFFF:
                raise RuntimeError("the broker refused an event")
            if multiple:
                for confirmed in list(takewhile(tag.__ge__, self._unconfirmed)):
                    del self._unconfirmed[confirmed]
            else:
                del self._unconfirmed[tag]


def _one_message() -> bytes:
    body = ready_body()
    properties = pika.BasicProperties(delivery_mode=2)
    return b"".join(
        (
            frame.Method(1, spec.Basic.Publish(exchange=EXCHANGE, routing_key="")).marshal(),
            frame.Header(1, len(body), properties).marshal(),
            frame.Body(1, body).marshal(),
        )
    )


def _open_channel(sock: socket.socket, parameters: pika.URLParameters) -> None:
    sock.sendall(frame.ProtocolHeader().marshal())
    _expect(sock, spec.Connection.Start)
    _, login = parameters.credentials.response_for(
        spec.Connection.Start(mechanisms="PLAIN", locales="en_US")
    )
    _tell(sock, 0, spec.Connection.StartOk({}, "PLAIN", login, "en_US"))
    tune = _expect(sock, spec.Connection.Tune)
    _tell(sock, 0, spec.Connection.TuneOk(tune.channel_max, tune.frame_max, heartbeat=0))
    _tell(sock, 0, spec.Connection.Open(parameters.virtual_host))
    _expect(sock, spec.Connection.OpenOk)
    _tell(sock, 1, spec.Channel.Open())
    _expect(sock, spec.Channel.OpenOk)
    _tell(sock, 1, spec.Confirm.Select())
    _expect(sock, spec.Confirm.SelectOk)


def _tell(sock: socket.socket, channel: int, method: Any) -> None:
    sock.sendall(frame.Method(channel, method).marshal())


def _expect(sock: socket.socket, method: type) -> Any:
    buffer = b""
    while True:
        buffer += _received(sock)
        _, answer = frame.decode_frame(buffer)
        if answer is not None:
            if not isinstance(answer.method, method):
                raise RuntimeError(f"the broker answered {answer.method}")
            return answer.method


def _received(sock: socket.socket) -> bytes:
    data = sock.recv(READ_BYTES)
    if not data:
        raise ConnectionError("the broker closed the connection")
    return data
