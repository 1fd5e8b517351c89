"""Why an event did not get to the broker, as the error that its publisher is given."""

from bus_core.errors import Backpressure, BrokerBlocked, BusError, NotSent, PublishTimeout
from bus_core.link import LinkState
from bus_core.rabbitmq.backlog import MAX_BYTES, MAX_MESSAGES, Backlog
from bus_core.rabbitmq.connection import Connection


def too_late(connection: Connection, *, sent: bool) -> BusError:
    """Return the error of an event whose deadline has passed; `sent` when it was on the wire."""
    if connection.state is LinkState.BLOCKED:
        return _blocked(sent=sent)
    if sent:
        return PublishTimeout("the broker did not confirm the event in time; it may have it")
    return NotSent(f"the event could not be sent in time ({_state(connection)})")


def no_room(connection: Connection, backlog: Backlog, *, waited: bool) -> BusError:
    """Return the error of an event that was not accepted, after waiting for room or at once."""
    if waited and connection.state is LinkState.BLOCKED:
        return _blocked(sent=False)
    return Backpressure(
        f"{backlog.messages} events ({backlog.bytes} bytes) wait for the broker already "
        f"({_state(connection)}); {MAX_MESSAGES} or {MAX_BYTES} bytes are the most. "
        "This event was not sent"
    )


def _state(connection: Connection) -> str:
    state, why = connection.state.value, connection.last_error
    return state if connection.state is LinkState.OPEN or not why else f"{state}: {why}"


def _blocked(*, sent: bool) -> BrokerBlocked:
    error = BrokerBlocked("the broker is short of memory or disk and takes no events")
    error.outcome_known = not sent
    return error
