"""Sending without confirmation, for reports that may be lost."""

from collections import deque

from pika import SelectConnection
from pika.channel import Channel

from bus_core.errors import BusError, LoginRefused
from bus_core.link import LinkState
from bus_core.message import Message
from bus_core.rabbitmq.connection import Connection
from bus_core.rabbitmq.declarer import Declarer
from bus_core.rabbitmq.wire import to_properties
from bus_core.topology import Topology

BUFFER = 1000


class Teller:
    """A channel of its own: what goes wrong here disturbs no confirmed publish."""

    def __init__(self, connection: Connection, declarer: Declarer, user: str) -> None:
        self._connection = connection
        self._declarer = declarer
        self._user = user
        self._channel: Channel | None = None
        self._known: set[str] = set()
        self._checking: dict[str, deque[Message]] = {}
        self._added = False

    def tell(self, exchange: str, message: Message, ensure: Topology | None) -> None:
        """Send it now if that is possible; otherwise it is dropped."""
        if not self._added:
            self._added = True
            self._connection.add(self)
        if self._connection.state is LinkState.BLOCKED:
            return
        if exchange in self._known:
            self._send(exchange, message)
        elif exchange in self._checking:
            self._checking[exchange].append(message)
        else:
            self._checking[exchange] = deque((message,), maxlen=BUFFER)
            self._look_up(exchange, ensure)

    def on_up(self, connection: SelectConnection) -> None:
        """Open the channel."""
        connection.channel(on_open_callback=self._on_channel)

    def on_down(self) -> None:
        """Forget what was known."""
        self._channel = None
        self._known.clear()

    def on_failed(self, _error: LoginRefused) -> None:
        """Nobody waits here."""

    def _on_channel(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(lambda *_: self._lost(channel))

    def _lost(self, channel: Channel) -> None:
        self._channel = None
        self._known.clear()
        if channel.connection.is_open:
            channel.connection.channel(on_open_callback=self._on_channel)

    def _look_up(self, exchange: str, ensure: Topology | None) -> None:
        def done(error: BusError | None) -> None:
            waiting = self._checking.pop(exchange, deque())
            if error is None:
                self._known.add(exchange)
                for message in waiting:
                    self._send(exchange, message)

        self._declarer.ensure(ensure or Topology(), done, may_declare=ensure is not None)

    def _send(self, exchange: str, message: Message) -> None:
        if self._channel is not None and self._channel.is_open:
            properties = to_properties(message)
            properties.user_id = self._user  # the broker verifies it
            self._channel.basic_publish(exchange, "", message.body, properties)
