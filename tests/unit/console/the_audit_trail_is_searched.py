"""Who did what is found by person, deed, kind, name, time and request; an entry opens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry

GROUP = UUID(int=7)


@pytest.fixture
def trail(db: None) -> dict[str, AuditEntry]:
    """Three entries: of today, of yesterday, and of 23 November 2025."""
    day, moment = timedelta(days=1), datetime(2025, 11, 23, 12, tzinfo=UTC)
    made = {
        "paused": add("mia", "paused", "subscription", "exportRequested/export-manager"),
        "created": add("otto", "created", "event_type", "exportRequested", group=GROUP),
        "revoked": add("otto", "revoked", "token", "k3v9x0q2ab", group=GROUP),
    }
    for verb, at in (("created", timezone.now() - day - day), ("revoked", moment)):
        AuditEntry.objects.filter(pk=made[verb].pk).update(at=at)
    return made


def add(who: str, verb: str, kind: str, name: str, **fields: object) -> AuditEntry:
    values = {"actor_name": who, "verb": verb, "object_kind": kind, "object_name": name, **fields}
    return AuditEntry.objects.create(**values)


@pytest.mark.parametrize(
    ("query", "verbs"),
    [
        ("", {"paused", "created", "revoked"}),
        ("who=mia", {"paused"}),
        ("who=otto", {"created", "revoked"}),
        ("who=otto&verb=revoked", {"revoked"}),
        ("kind=event_type", {"created"}),
        ("object=exportRequested", {"created"}),
        ("q=exportRequested", {"paused", "created"}),
        ("q=exportRequested+→+manager", {"paused"}),
        ("within=hour", {"paused"}),
        ("within=week", {"paused", "created"}),
        ("to=2025-11-23", {"revoked"}),
        ("to=2025-11-22", set()),
        ("from=2025-11-23&to=2025-11-23", {"revoked"}),
        ("from=2025-11-24", {"paused", "created"}),
        (f"request={GROUP}", {"created", "revoked"}),
    ],
)
def test_each_filter_keeps_what_it_asks_for(
    query: str,
    verbs: set[str],
    trail: dict[str, AuditEntry],
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    answer = signed_in(operator).get(f"/audit/?{query}")
    assert {row.verb for row in answer.context["page"].rows} == verbs


def test_filters_are_chips_that_one_takes_off(
    trail: dict[str, AuditEntry], operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).get(f"/audit/?who=otto&within=week&request={GROUP}&after=9")
    assert [(one.label, one.url) for one in answer.context["tokens"]] == [
        ("Who: otto", f"?within=week&request={GROUP}"),
        ("When: The last 7 days", f"?who=otto&request={GROUP}"),
        (f"Request: {GROUP}", "?who=otto&within=week"),
    ]


def test_a_chosen_value_stays_chosen_when_no_late_entry_has_it(
    trail: dict[str, AuditEntry], operator: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(operator).get("/audit/?who=long-gone").content.decode()
    assert "<option selected>long-gone</option>" in html
    assert "Nothing matches" in html


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=yesterday", "yesterday is not a day. Write it like 2026-11-23."),
        ("to=2025-02-30", "2025-02-30 is not a day."),
        ("to=9999-12-31", "9999-12-31 is not a day."),
        ("request=7", "7 is not the id of a request or a run."),
    ],
)
def test_what_cannot_be_read_is_said(
    query: str,
    sentence: str,
    trail: dict[str, AuditEntry],
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    assert sentence in signed_in(operator).get(f"/audit/?{query}").content.decode()


def test_filters_stay_while_pages_turn(
    db: None, operator: User, signed_in: Callable[[User], Client]
) -> None:
    for number in range(120):
        add("otto" if number % 2 else "mia", "created", "service", f"service-{number}")
    client, seen, address = signed_in(operator), [], "?who=otto&within=day"
    while address:
        found = client.get(f"/audit/{address}").context["page"]
        seen += [row.object_name for row in found.rows]
        address = found.following
    assert seen == [f"service-{number}" for number in range(119, 0, -2)]


def test_an_entry_opens_with_before_and_after(
    trail: dict[str, AuditEntry], operator: User, signed_in: Callable[[User], Client]
) -> None:
    changed = add(
        "mia",
        "changed",
        "event_type",
        "exportRequested",
        before={"description": "old", "owner": "Journals", "example": {"journal": "elife"}},
        after={"description": "new", "owner": "Journals", "example": {"doi": "10.7554"}},
    )
    client = signed_in(operator)
    answer = client.get(f"/audit/{changed.pk}/")
    assert [
        (line.path, line.should, line.found, line.state) for line in answer.context["lines"]
    ] == [
        ("description", "old", "new", "changed"),
        ("example.doi", None, "10.7554", "only_found"),
        ("example.journal", "elife", None, "only_should"),
        ("owner", "Journals", "Journals", "same"),
    ]
    assert "<html" in answer.content.decode()
    fragment = client.get(f"/audit/{changed.pk}/", headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert f"/audit/{changed.pk}/" in client.get("/audit/").content.decode()


def test_an_entry_leads_to_what_was_done_together_with_it(
    trail: dict[str, AuditEntry], operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).get(f"/audit/{trail['created'].pk}/")
    assert [one.verb for one in answer.context["together"]] == ["revoked"]
    assert f"/audit/?request={GROUP}" in answer.content.decode()
    assert signed_in(operator).get("/audit/999999/").status_code == 404


def test_an_empty_trail_teaches(
    db: None, operator: User, signed_in: Callable[[User], Client]
) -> None:
    assert "Nothing was changed yet" in signed_in(operator).get("/audit/").content.decode()
