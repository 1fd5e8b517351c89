"""Events as the tap sees them, and receipts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bus_core.envelope import encode
from bus_core.event import Event
from bus_core.reports import Receipt
from bus_core.topology import event_exchange
from eventbus_admin.journal.entries import Seen, entry_of
from eventbus_admin.journal.record import record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def see() -> Callable[..., Seen]:
    """Return an event as the tap sees it, published by `source`."""

    def make(
        event_id: str = "",
        *,
        type: str = "exportRequested",  # noqa: A002
        payload: Any = None,
        source: str = "submission",
        at: datetime = NOON,
        **more: Any,
    ) -> Seen:
        event = Event(type, payload, id=event_id, **more)
        return Seen(encode(event, service=source), event_exchange(type), at)

    return make


@pytest.fixture
def journal(db: None, see: Callable[..., Seen]) -> Callable[..., None]:
    """Record one event."""

    def write(event_id: str, **more: Any) -> None:
        record([entry_of(see(event_id, **more))])

    return write


@pytest.fixture
def receipt() -> Callable[..., Receipt]:
    """Return a receipt for the event `e1` by meca-exporter."""

    def make(outcome: str = "handled", attempts: int = 1, second: int = 0, **more: Any) -> Receipt:
        at = NOON.replace(second=second).isoformat()
        fields = {
            "event_id": "e1",
            "event_type": "beginMecaExport",
            "service": "meca-exporter",
            "ms": 1.5,
            "worker": "host/1/a",
            **more,
        }
        return Receipt(outcome=outcome, attempts=attempts, at=at, **fields)

    return make
