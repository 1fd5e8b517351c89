"""Confirmed publishing: many messages in flight, each with a future that tells what became of it.

The caller's thread appends to an inbox; the I/O thread sends while the window has room and keeps
what is unconfirmed in a ring by delivery tag, because confirms arrive in any order. A lost
connection decides nothing: what was unconfirmed is sent again, in order, until its deadline.
"""

import logging
import re
import time
from collections import deque
from collections.abc import Sequence

from pika import BasicProperties, SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosed
from pika.frame import Method
from pika.spec import Basic

from bus_core.errors import (
    AccessRefused,
    BrokerBlocked,
    BusClosed,
    BusError,
    LoginRefused,
    NotSent,
    PublishRefused,
    PublishTimeout,
    Unroutable,
)
from bus_core.link import LinkState
from bus_core.rabbitmq.bursts import BurstConnection
from bus_core.rabbitmq.connection import Connection
from bus_core.rabbitmq.declarer import Declarer
from bus_core.rabbitmq.engine import Engine, Signal
from bus_core.rabbitmq.frames import BASIC_ACK, BASIC_NACK, METHOD, confirm
from bus_core.rabbitmq.in_flight import InFlight, Outgoing, encode_frames
from bus_core.rabbitmq.wire import ACCESS_REFUSED, channel_error, to_properties
from bus_core.topology import Exchange, Topology

logger = logging.getLogger(__name__)

DEFAULT_FRAME_MAX = 131_072
WINDOW_MESSAGES = 1000
WINDOW_BYTES = 8 * 1024 * 1024
DEADLINE_CHECK_SECONDS = 0.2
NACK_BACKOFF_SECONDS = 0.2
REFUSALS_BEFORE_NEW_CHANNEL = frozenset((5, 10, 20, 40, 80, 160))
"""Refused so often in a row, what goes to an exchange is tried on a new channel."""
STALL_SECONDS = 5.0
"""Without any confirm for so long the channel is given up; twice as long after each time."""
MAX_CHANNEL_LOSSES = 3
CONFIRM_BYTES = 13
ATTEMPT_HEADER = "bus-attempt"
_EXCHANGE_IN_REASON = re.compile(r"exchange '([^']*)'")


class Publisher:
    """Sends with confirms over one channel; everything but `submit` is on the I/O thread."""

    def __init__(self, engine: Engine, connection: Connection, declarer: Declarer) -> None:
        self._engine = engine
        self._connection = connection
        self._declarer = declarer
        self._channel: Channel | None = None
        self._inbox: deque[Outgoing] = deque()
        self._waiting: deque[Outgoing] = deque()
        self._in_flight = InFlight()
        self._refused: list[Outgoing] = []
        self._refusals: dict[str, int] = {}
        self._known: set[str] = {""}
        self._checking: dict[str, list[Outgoing]] = {}
        self._watching = False
        self._stall_seconds = STALL_SECONDS
        self._last_progress = 0.0
        self._closed = False
        self.channel_number = 1
        """A guess on which channel the next message goes; messages are encoded for it."""
        self.frame_max = DEFAULT_FRAME_MAX
        self._wake = Signal(engine, self._pump)

    def start(self) -> None:
        """Connect."""
        self._connection.add(self)

    def submit(self, outgoing: Sequence[Outgoing]) -> None:
        """Take messages over; from any thread."""
        self._inbox.extend(outgoing)
        self._wake()

    @property
    def pending(self) -> int:
        """How many messages are not settled yet."""
        checking = sum(len(held) for held in self._checking.values())
        queued = len(self._inbox) + len(self._waiting) + len(self._refused)
        return queued + self._in_flight.messages + checking

    def close(self) -> None:
        """Fail what is left."""
        self._closed = True
        for outgoing in self._take_all():
            error: BusError = BusClosed("the bus was closed before the event was sent")
            if outgoing.sent:
                error = PublishTimeout("the bus was closed before the broker had confirmed")
            outgoing.finish(error)

    # -- the connection --

    def on_up(self, connection: SelectConnection) -> None:
        """Open a channel with confirms."""
        self.frame_max = connection.params.frame_max or DEFAULT_FRAME_MAX
        if isinstance(connection, BurstConnection):
            connection.after_burst(self._after_burst)
        connection.channel(on_open_callback=self._on_channel)

    def on_down(self) -> None:
        """Everything unconfirmed is unknown: it will be sent again, in order."""
        self._channel = None
        self._known = {""}
        unfinished = self._take_all()
        self._waiting.extend(unfinished)
        self._watch_deadlines()

    def on_failed(self, error: LoginRefused) -> None:
        """No message will ever get through."""
        for outgoing in self._take_all():
            outgoing.finish(error)

    def _take_all(self) -> list[Outgoing]:
        """Return everything that is not finished, oldest first, and forget it."""
        checking = [one for held in self._checking.values() for one in held]
        sent = [*self._refused, *self._in_flight.take_all()]
        everything = [*sent, *checking, *self._waiting, *self._inbox]
        self._refused.clear()
        self._checking.clear()
        self._waiting.clear()
        self._inbox.clear()
        return everything

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(
            lambda frame: self._on_confirm_frame(channel, frame),
            callback=lambda _: self._ready(channel),
        )

    def _ready(self, channel: Channel) -> None:
        self._channel = channel
        self.channel_number = channel.channel_number
        if isinstance(channel.connection, BurstConnection):
            channel.connection.handle_frames(channel.channel_number, self._on_frame)
        self._pump()

    def _on_channel_closed(self, channel: Channel, reason: BaseException) -> None:
        if isinstance(channel.connection, BurstConnection):
            channel.connection.leave_frames(channel.channel_number)
        if channel is not self._channel:
            return  # given up before
        self._channel = None
        if not isinstance(reason, ChannelClosed) or self._closed:
            return  # the connection went: on_down follows
        self._after_refusal(reason)
        self._open_channel()

    def _open_channel(self) -> None:
        if (connection := self._connection.current) is not None:
            connection.channel(on_open_callback=self._on_channel)

    def _after_refusal(self, reason: ChannelClosed) -> None:
        """The broker closed the channel because of one message; which, it says only at times."""
        error = channel_error(reason.reply_code, reason.reply_text)
        named = _EXCHANGE_IN_REASON.search(reason.reply_text)
        culprit = named.group(1) if named else None
        refused = reason.reply_code == ACCESS_REFUSED
        logger.warning("the publishing channel was closed: %s", error)
        if culprit is not None:
            self._known.discard(culprit)
        again = []
        for outgoing in self._in_flight.take_all():
            outgoing.channel_losses += 1
            if refused and outgoing.exchange == culprit:
                outgoing.finish(AccessRefused(str(error)))
            elif outgoing.channel_losses >= MAX_CHANNEL_LOSSES:
                outgoing.finish(PublishRefused(f"the broker closed the channel: {error}"))
            else:
                again.append(outgoing)
        self._waiting.extendleft(reversed(again))

    # -- out --

    def _pump(self) -> None:
        if self._connection.state is LinkState.FAILED:
            self._connection.connect()
        while self._inbox:
            self._waiting.append(self._inbox.popleft())
        channel = self._channel
        if channel is not None and channel.is_open:
            burst: list[bytes] = []
            while (
                self._waiting
                and self._in_flight.messages < WINDOW_MESSAGES
                and self._in_flight.bytes < WINDOW_BYTES
            ):
                self._send(channel, self._waiting.popleft(), burst)
            if burst and isinstance(channel.connection, BurstConnection):
                channel.connection.send(b"".join(burst))
        if self._waiting or self._in_flight.messages or self._checking:
            self._watch_deadlines()

    def _send(self, channel: Channel, outgoing: Outgoing, burst: list[bytes]) -> None:
        if outgoing.ticket.cancelled:
            return
        if outgoing.exchange not in self._known:
            self._look_up(outgoing)
            return
        message, frames = outgoing.message, outgoing.frames
        number = channel.channel_number
        if outgoing.mandatory:
            attempt = {ATTEMPT_HEADER: self._in_flight.next_tag}
            message = message.with_headers({**message.headers, **attempt})
            frames = encode_frames(number, outgoing, message, self.frame_max)
        elif outgoing.frames_channel != number:
            outgoing.encode(number, self.frame_max)
            frames = outgoing.frames
        outgoing.sent = True
        outgoing.returned = None
        if not self._in_flight.messages:
            self._last_progress = time.monotonic()
        self._in_flight.add(outgoing)
        if isinstance(channel.connection, BurstConnection):
            burst.append(frames)
            return
        channel.basic_publish(
            outgoing.exchange,
            outgoing.routing_key,
            message.body,
            to_properties(message),
            mandatory=outgoing.mandatory,
        )

    def _look_up(self, outgoing: Outgoing) -> None:
        """Make sure of an exchange before its first message: a 404 would end all in flight."""
        exchange = outgoing.exchange
        if (held := self._checking.get(exchange)) is not None:
            held.append(outgoing)
            return
        self._checking[exchange] = [outgoing]
        topology = outgoing.ensure
        lookup = topology or Topology(exchanges=(Exchange(name=exchange),))

        def done(error: BusError | None) -> None:
            held = self._checking.pop(exchange, [])
            if isinstance(error, NotSent):
                self._waiting.extendleft(reversed(held))  # the connection went meanwhile
                return
            if error is None:
                self._known.add(exchange)
                self._waiting.extendleft(reversed(held))
                self._pump()
                return
            for one in held:
                one.finish(error)

        self._declarer.ensure(lookup, done, may_declare=topology is not None)

    # -- back --

    def _on_frame(self, kind: int, buffer: bytes, start: int, size: int) -> bool:
        """Take confirms as they come from the socket; everything else is pika's."""
        if kind != METHOD or size < CONFIRM_BYTES:
            return False
        method = int.from_bytes(buffer[start : start + 4], "big")
        if method not in {BASIC_ACK, BASIC_NACK}:
            return False
        tag, multiple = confirm(buffer, start)
        self._on_confirm(tag, multiple=multiple, nack=method == BASIC_NACK)
        return True

    def _on_confirm_frame(self, channel: Channel, frame: Method) -> None:
        """Take a confirm from pika, where its frames do not come here at once."""
        if channel is self._channel:
            method = frame.method
            nack = isinstance(method, Basic.Nack)
            self._on_confirm(method.delivery_tag, multiple=method.multiple, nack=nack)
            self._after_burst()

    def _on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        self._last_progress = time.monotonic()
        self._stall_seconds = STALL_SECONDS
        for outgoing in self._in_flight.settle(tag, multiple=multiple):
            self._confirmed(outgoing, nack=nack)

    def _after_burst(self) -> None:
        if self._waiting:
            self._pump()

    def _confirmed(self, outgoing: Outgoing, *, nack: bool) -> None:
        if nack:
            if not self._refused:
                self._engine.call_later(NACK_BACKOFF_SECONDS, self._after_nacks)
            self._refused.append(outgoing)
        elif outgoing.returned is not None:
            # What it should have reached is gone: look the topology up again next time.
            self._known.discard(outgoing.exchange)
            outgoing.finish(Unroutable(outgoing.returned))
        else:
            outgoing.finish()

    def _after_nacks(self) -> None:
        refused, self._refused = self._refused, []
        exchanges = {outgoing.exchange for outgoing in refused}
        self._refusals = {one: self._refusals.get(one, 0) + 1 for one in exchanges}
        if not REFUSALS_BEFORE_NEW_CHANNEL.isdisjoint(self._refusals.values()):
            # On 3.10, a channel that met a quorum queue between two leaders refuses for ever.
            self._give_up_channel("the broker keeps refusing events")
        now = time.monotonic()
        self._waiting.extendleft(one for one in reversed(refused) if now < one.deadline)
        for outgoing in refused:
            if now >= outgoing.deadline:
                outgoing.finish(PublishRefused("the broker refused the event (nack)"))
        self._pump()

    def _on_return(
        self, channel: Channel, method: Basic.Return, properties: BasicProperties, _body: bytes
    ) -> None:
        tag = (properties.headers or {}).get(ATTEMPT_HEADER)
        if channel is not self._channel or not isinstance(tag, int):
            return
        if (outgoing := self._in_flight.get(tag)) is not None:
            outgoing.returned = (
                f"no queue took the message: exchange {method.exchange!r}, "
                f"routing key {method.routing_key!r}"
            )

    # -- deadlines --

    def _watch_deadlines(self) -> None:
        if not self._watching:
            self._watching = True
            self._engine.call_later(DEADLINE_CHECK_SECONDS, self._check_deadlines)

    def _check_deadlines(self) -> None:
        self._watching = False
        now = time.monotonic()
        for queue in (self._waiting, *self._checking.values()):
            late = [one for one in queue if now >= one.deadline]
            for outgoing in late:
                queue.remove(outgoing)
                outgoing.finish(self._late(outgoing))
        for outgoing in self._in_flight.expire(now):
            outgoing.finish(self._late(outgoing))
        if self._in_flight.messages and now - self._last_progress > self._stall_seconds:
            self._give_up_channel(f"no confirm for {self._stall_seconds:.0f} s")
        if self.pending:
            self._watch_deadlines()

    def _give_up_channel(self, why: str) -> None:
        """Send again on a new channel: a channel of RabbitMQ can hang, or refuse, for good.

        Seen on 3.10 when a message reaches a quorum queue before that has recovered from the
        broker's death. Such a channel does not answer its closing either, so nobody waits for it.
        """
        channel = self._channel
        if channel is None or self._connection.state is not LinkState.OPEN:
            return
        logger.warning("%s; sending again on a new channel", why)
        self._stall_seconds *= 2
        self._last_progress = time.monotonic()
        self._channel = None
        self._waiting.extendleft(reversed(self._in_flight.take_all()))
        if isinstance(channel.connection, BurstConnection):
            channel.connection.leave_frames(channel.channel_number)
        channel.close()
        self._open_channel()

    def _late(self, outgoing: Outgoing) -> BusError:
        if self._connection.state is LinkState.BLOCKED and not outgoing.sent:
            return BrokerBlocked("the broker is short of memory or disk and takes no events")
        if outgoing.sent:
            return PublishTimeout("the broker did not confirm the event in time; it may have it")
        state, why = self._connection.state.value, self._connection.last_error
        return NotSent(f"the event could not be sent in time ({state}{why and ': '}{why})")
