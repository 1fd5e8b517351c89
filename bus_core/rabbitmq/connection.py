"""One AMQP connection that comes back by itself."""

import logging
import random
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from pika import SelectConnection, URLParameters
from pika.exceptions import AMQPConnectionError

from bus_core.errors import InvalidURL, LoginRefused
from bus_core.link import LinkState
from bus_core.rabbitmq.bursts import BurstConnection, supported
from bus_core.rabbitmq.engine import Engine
from bus_core.rabbitmq.wire import login_error

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 30
CONNECT_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 5.0


class User(Protocol):
    """Whoever does something on a connection; called on the I/O thread."""

    def on_up(self, connection: SelectConnection) -> None:
        """The connection is open."""

    def on_down(self) -> None:
        """The connection has gone, with all its channels."""

    def on_failed(self, error: LoginRefused) -> None:
        """It will not come: trying again would not help."""


def parameters(url: str, client_name: str) -> list[URLParameters]:
    """Return pika's parameters for each of the URLs, which commas separate.

    Raises `InvalidURL`.
    """
    found = []
    for one in url.split(","):
        _check_host(one)
        try:
            made = URLParameters(one.strip())
        except (ValueError, TypeError, KeyError, SyntaxError, OSError) as error:
            raise InvalidURL(f"not an AMQP URL: {error}") from error
        made.connection_attempts = 1
        made.socket_timeout = CONNECT_SECONDS
        made.stack_timeout = CONNECT_SECONDS
        if made.heartbeat is None:
            made.heartbeat = HEARTBEAT_SECONDS
        made.client_properties = {"connection_name": client_name, "product": "bus-core"}
        found.append(made)
    return found


def _check_host(url: str) -> None:
    """Raise `InvalidURL` when the part before the path cannot be read."""
    try:
        urlsplit(url.strip()).port  # noqa: B018 - reading it is what fails
    except ValueError:
        # The parser's own text may quote a piece of the password.
        raise InvalidURL(
            "not an AMQP URL: write amqp://user:password@host:port/vhost, special characters in "
            "the password escaped, such as %2F for a slash"
        ) from None


_Connection: type[SelectConnection] = BurstConnection if supported() else SelectConnection


class Connection:
    """Connects on demand, reconnects with backoff, and tells its users.

    Everything here happens on the I/O thread.
    """

    def __init__(self, engine: Engine, hosts: Sequence[URLParameters], role: str) -> None:
        self._engine = engine
        self._hosts = random.sample(list(hosts), len(hosts))
        self._role = role
        self._users: list[User] = []
        self._connection: SelectConnection | None = None
        self._turn = 0
        self._attempts = 0
        self._was_open = False
        self.state = LinkState.IDLE
        self.error: LoginRefused | None = None
        self.last_error = ""
        """Why there was no connection, when there was none."""

    def add(self, user: User) -> None:
        """Take on a user, who is told when the connection is open; connects if it is not."""
        self._users.append(user)
        if self.state in {LinkState.OPEN, LinkState.BLOCKED} and self._connection is not None:
            user.on_up(self._connection)
        else:
            self.connect()

    def remove(self, user: User) -> None:
        """Forget a user."""
        if user in self._users:
            self._users.remove(user)

    def connect(self) -> None:
        """Connect unless that is under way."""
        if self.state in {LinkState.IDLE, LinkState.FAILED}:
            self._attempts = 0
            self.error = None
            self._open(LinkState.CONNECTING)

    def close(self) -> None:
        """Disconnect for good, also in the middle of connecting."""
        self.state = LinkState.CLOSED
        connection = self._connection
        if connection is not None and not (connection.is_closing or connection.is_closed):
            connection.close()

    def abandon(self) -> None:
        """Disconnect without waiting for the broker, which does not answer."""
        if isinstance(self._connection, BurstConnection):
            self._connection.abandon()

    def move(self, why: str) -> None:
        """Go to the next host, or come to this address anew, which may lead to another node."""
        if (connection := self.current) is not None:
            connection.close(reply_text=why)

    @property
    def current(self) -> SelectConnection | None:
        """The open connection, if there is one."""
        return self._connection if self._connection and self._connection.is_open else None

    @property
    def is_gone(self) -> bool:
        """Whether no socket is left open."""
        return self._connection is None or self._connection.is_closed

    @property
    def _host(self) -> URLParameters:
        """The host of this connection, or of this attempt at one."""
        return self._hosts[self._turn % len(self._hosts)]

    def _open(self, state: LinkState) -> None:
        if self.state is LinkState.CLOSED:
            return
        self.state = state
        self._connection = _Connection(
            self._host,
            on_open_callback=self._opened,
            on_open_error_callback=self._not_opened,
            on_close_callback=self._went,
            custom_ioloop=self._engine.loop,
        )

    def _opened(self, connection: SelectConnection) -> None:
        if self.state is LinkState.CLOSED:
            connection.close()
            return
        if self._attempts:
            logger.info("%s: connected again after %d attempts", self._role, self._attempts)
        self._attempts = 0
        self._was_open = True
        self.state = LinkState.OPEN
        connection.add_on_connection_blocked_callback(lambda *_: self._block(LinkState.BLOCKED))
        connection.add_on_connection_unblocked_callback(lambda *_: self._block(LinkState.OPEN))
        for user in list(self._users):
            user.on_up(connection)

    def _block(self, state: LinkState) -> None:
        if self.state is not LinkState.CLOSED:
            self.state = state
            held = "the broker is short of memory or disk and takes no events"
            logger.warning("%s: %s", self._role, held if state is LinkState.BLOCKED else "goes on")

    def _not_opened(self, _connection: SelectConnection, error: AMQPConnectionError | str) -> None:
        self._connection = None
        cause = error if isinstance(error, BaseException) else AMQPConnectionError(error)
        refused = login_error(cause)
        # Credentials that worked before may be in the middle of a rotation: keep trying then.
        if refused is not None and not self._was_open and self.state is not LinkState.CLOSED:
            self.state = LinkState.FAILED
            self.error = refused
            logger.error("%s: %s", self._role, refused)
            for user in list(self._users):
                user.on_failed(refused)
            return
        self._again(refused or _last_cause(cause))

    def _went(self, _connection: SelectConnection, error: BaseException) -> None:
        self._connection = None
        for user in list(self._users):
            user.on_down()
        self._again(error)

    def _again(self, error: BaseException) -> None:
        if self.state is LinkState.CLOSED:
            return
        self.state = LinkState.RECOVERING
        ceiling = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** min(self._attempts, 16))
        # Full jitter: after a broker's restart its clients must not come all at once.
        delay = random.uniform(0.05, ceiling)
        self.last_error = str(error)
        if self._attempts in {0, 5} or self._attempts % 30 == 0:
            logger.warning(
                "%s: no connection to RabbitMQ at %s:%d (%s); trying again",
                self._role,
                self._host.host,
                self._host.port,
                error,
            )
        self._turn += 1
        self._attempts += 1
        self._engine.call_later(delay, lambda: self._open(LinkState.RECOVERING))


def _last_cause(error: BaseException) -> BaseException:
    inner = [one for one in error.args if isinstance(one, BaseException)]
    exceptions = [*getattr(error, "exceptions", ()), getattr(error, "exception", None), *inner]
    for one in exceptions:
        if isinstance(one, BaseException):
            return _last_cause(one)
    return error
