"""Event types that an integrator may ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.integrators.actions import Registration, register_integrator
from eventbus_admin.registry.models import EventType


@pytest.fixture(autouse=True)
def event_types(make_event_type: Callable[..., EventType]) -> None:
    """What the bus knows before anybody registers."""
    for name in ("beginCrossrefExport", "exportSuccessful", "other"):
        make_event_type(name)


@pytest.fixture
def register(settings: Any) -> Callable[..., Registration]:
    """Register crossref-exporter as somebody who did not sign in, where that is open."""
    settings.EVENTBUS_REGISTRATION = "open"

    def register_it(**values: Any) -> Registration:
        return register_integrator(
            **{
                "actor": Actor.visitor(),
                "name": "crossref-exporter",
                "contact": "ops@example.org",
                "reason": "DOI deposits",
                "publishes": ["exportSuccessful"],
                "subscribes": ["beginCrossrefExport"],
                **values,
            }
        )

    return register_it
