"""Facts for the map."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from eventbus_admin.map.facts import Facts, Flow, Listening, Thing

NOW = datetime(2026, 11, 23, 18, 39, tzinfo=UTC)
TYPE, PUBLISHER, LISTENER = "exportRequested", "submission", "export-manager"


def thing(name: str, **fields: Any) -> Thing:
    """Return something registered, of the team Exports."""
    return Thing(name=name, owner="Exports", **fields)


def listening(event_type: str, service: str, **fields: Any) -> Listening:
    """Return a subscription in order, with a consumer."""
    values = {"sync": "in_sync", "health": "healthy", "sentence": "In order.", "consumers": 1}
    return Listening(event_type=event_type, service=service, **{**values, **fields})


@pytest.fixture
def facts() -> Callable[..., Facts]:
    """Return facts: one type on its way from one service to another, all in order."""

    def make(**changes: Any) -> Facts:
        values: dict[str, Any] = {
            "services": (thing(PUBLISHER), thing(LISTENER)),
            "event_types": (thing(TYPE),),
            "publications": ((TYPE, PUBLISHER),),
            "subscriptions": (listening(TYPE, LISTENER),),
            "workers": {LISTENER: 1},
            "announced": frozenset({(TYPE, LISTENER)}),
            "flows": {(TYPE, PUBLISHER): Flow(share=1.0, last=NOW)},
            "rates": {TYPE: 12.0},
            "looked": True,
            "observed_at": NOW,
        }
        return Facts(**{**values, **changes})

    return make
