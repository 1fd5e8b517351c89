"""A registry to write down, and ways to look at it."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_yaml
from eventbus_admin.registry.models import Publication, Subscription

Make = Callable[..., Any]


def exported() -> str:
    """The registry as it would be written."""
    return as_yaml(read_stored())


def changed(*pairs: tuple[str, str]) -> Any:
    """Return the registry as a document in which each text is replaced by another."""
    text = exported()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return read(text)


@pytest.fixture
def story(make_subscription: Make, make_service: Make, make_event_type: Make) -> Subscription:
    """`exportRequested → export-manager`, which publishes `beginMecaExport`, and a retired type."""
    found: Subscription = make_subscription("exportRequested", "export-manager", prefetch=7)
    begin = make_event_type(
        "beginMecaExport", description="Said\nin two lines.", example={"b": [1, {}], "a": "no"}
    )
    Publication.objects.create(service=found.service, event_type=begin)
    make_event_type("journalLeft", lifecycle="retired")
    make_service("crossref", kind="integrator", contact="ops@example.org")
    make_subscription("exportRequested", "crossref", state="paused", kind="ordered", concurrency=1)
    make_subscription("journalLeft", "crossref", state="retired")
    return found
