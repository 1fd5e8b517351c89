"""`Lookups`: sees to it that an exchange is there before the first message to it."""

from collections.abc import Callable, Iterator

from bus_core.errors import BusError, NotSent
from bus_core.rabbitmq.declarer import Declarer
from bus_core.rabbitmq.in_flight import Outgoing
from bus_core.topology import Exchange, Topology


class Lookups:
    """Which exchanges this connection knows, and what is held until one is known.

    A publish to an exchange that does not exist closes the channel, with all that is in flight
    on it. I/O thread only.
    """

    def __init__(
        self,
        declarer: Declarer,
        send_again: Callable[[list[Outgoing]], None],
        refuse: Callable[[list[Outgoing], BusError], None],
    ) -> None:
        self._declarer = declarer
        self._send_again = send_again
        self._refuse = refuse
        self._held: dict[str, list[Outgoing]] = {}
        self.known: set[str] = {""}
        """The default exchange is always there."""

    def __iter__(self) -> Iterator[list[Outgoing]]:
        """Go through what is held, exchange by exchange; each list may be changed."""
        return iter(self._held.values())

    def hold(self, outgoing: Outgoing) -> None:
        """Keep a message until its exchange has been looked up, or declared."""
        exchange = outgoing.exchange
        if (held := self._held.get(exchange)) is not None:
            held.append(outgoing)
            return
        self._held[exchange] = [outgoing]
        topology = outgoing.ensure
        lookup = topology or Topology(exchanges=(Exchange(name=exchange),))
        self._declarer.ensure(
            lookup,
            lambda error: self._looked_up(exchange, error),
            may_declare=topology is not None,
        )

    def forget(self, exchange: str) -> None:
        """Look this exchange up again before the next message; the default one cannot be."""
        if exchange:
            self.known.discard(exchange)

    def forget_known(self) -> None:
        """Look every exchange up again before the next message to it."""
        self.known = {""}

    def forget_all(self) -> list[Outgoing]:
        """Return what is held, and know nothing, as on a new connection."""
        held = [outgoing for one in self for outgoing in one]
        self._held.clear()
        self.forget_known()
        return held

    def _looked_up(self, exchange: str, error: BusError | None) -> None:
        held = self._held.pop(exchange, [])
        if error is None:
            self.known.add(exchange)
        if error is None or isinstance(error, NotSent):  # the connection went meanwhile
            self._send_again(held)
        else:
            self._refuse(held, error)
