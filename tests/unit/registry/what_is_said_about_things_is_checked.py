"""Descriptions, contacts and examples are stored as given, if any database can store them."""

import datetime
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    change_event_type,
    change_service,
    create_event_type,
    create_service,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Lifecycle, Service


def test_a_service_is_stored_as_given(journals: Team) -> None:
    create_service(
        actor=SYSTEM,
        name="crossref-exporter",
        owner="Journals",
        description=" Deposits DOIs. ",
        contact="ops@example.org",
    )

    stored = Service.objects.get()
    assert (stored.owner, stored.description) == (journals, "Deposits DOIs.")
    assert AuditEntry.objects.get().after == {
        "name": "crossref-exporter",
        "owner": "Journals",
        "description": "Deposits DOIs.",
        "kind": "internal",
        "contact": "ops@example.org",
    }


@pytest.mark.parametrize(
    "example", [{"a": [1, None, True]}, [], "text", 0, False, datetime.date(2026, 11, 23)]
)
def test_any_json_is_an_example(example: Any, journals: Team) -> None:
    create_event_type(actor=SYSTEM, name="exportRequested", owner=journals, example=example)

    expected = "2026-11-23" if isinstance(example, datetime.date) else example
    assert EventType.objects.get().example == expected


@pytest.mark.parametrize("example", [{"a": object()}, float("nan"), {"a": "null\0"}, {(1,): 1}])
def test_what_is_not_json_is_refused(example: Any, journals: Team) -> None:
    with pytest.raises(ActionError) as refusal:
        create_event_type(actor=SYSTEM, name="exportRequested", owner=journals, example=example)

    assert (refusal.value.code, refusal.value.field) == ("invalid_example", "example")
    assert not EventType.objects.exists()


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"contact": "nobody"}, "invalid_contact", "contact"),
        ({"contact": "a\0@example.org"}, "invalid_contact", "contact"),
        ({"contact": f"a@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org"},
         "invalid_contact", "contact"),
        ({"description": "null\0"}, "invalid_text", "description"),
        ({"owner": "Nobody"}, "unknown_team", "owner"),
        ({"owner": "null\0"}, "unknown_team", "owner"),
        ({"kind": "alien"}, "invalid_kind", "kind"),
    ],
)  # fmt: skip
def test_what_a_service_cannot_have(
    given: dict[str, str], code: str, field: str, journals: Team
) -> None:
    with pytest.raises(ActionError) as refusal:
        create_service(actor=SYSTEM, **{"name": "submission", "owner": "Journals", **given})

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Service.objects.exists()


def test_a_new_event_type_is_not_retired(journals: Team) -> None:
    with pytest.raises(ActionError, match="cannot be retired"):
        create_event_type(
            actor=SYSTEM, name="exportRequested", owner=journals, lifecycle=Lifecycle.RETIRED
        )


def test_an_example_is_taken_away_by_none(journals: Team) -> None:
    create_event_type(actor=SYSTEM, name="exportRequested", owner=journals, example={"a": 1})

    change_event_type(actor=SYSTEM, event_type="exportRequested", example=None)

    assert EventType.objects.get().example is None


def test_the_trail_holds_only_what_changed(journals: Team) -> None:
    create_service(actor=SYSTEM, name="submission", owner=journals, description="old")

    change_service(actor=SYSTEM, service="submission", description="new", contact="a@b.org")

    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.before, entry.after) == (
        {"description": "old", "contact": ""},
        {"description": "new", "contact": "a@b.org"},
    )
