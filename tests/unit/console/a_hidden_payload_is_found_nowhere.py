"""What a private event holds reaches nobody without the right, by no page, endpoint or filter."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.api.urls import urlpatterns as endpoints
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.urls import urlpatterns as pages
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.payloads.models import Reveal
from eventbus_admin.registry.models import EventType, Subscription
from tests.harness.addresses import address
from tests.harness.dead_letters import write_dead_letters
from tests.unit.console.conftest import EVENT, PAGES, RUN

PLANTED = "aardvark-7"
OTHER = "exportRequested_2"
REASON = "A customer asks what became of the article."
SEARCHES = (
    f"/dead-letters/?q={PLANTED}",
    f"/dead-letters/causes/2/?q={PLANTED}",
    "/dead-letters/causes/2/",
    f"/search/?q={PLANTED}",
    "/search/?q=ValueError",
    "/dead-letters/2/",
    "/dead-letters/2/edit/",
    f"/api/v1/events/?search={PLANTED}",
    f"/api/v1/dead-letters/?search={PLANTED}",
    "/api/v1/dead-letters/2/",
    f"/feed/events/{OTHER}/",
    f"/api/v1/events/{OTHER}/",
)
SAMPLES = {
    **dict.fromkeys(("name", "event_type"), "exportRequested"),
    "service": "export-manager",
    "event_id": EVENT,
    **dict.fromkeys(("pk", "number", "team", "prefix", "slot", "user"), "1"),
}


@pytest.fixture
def private(world: Subscription, see_event: Callable[..., JournalEntry]) -> EventType:
    """The world's event type, private, and something planted wherever an event may hold it."""
    see_event(OTHER, payload={"who": PLANTED}, headers={"who": PLANTED})
    JournalEntry.objects.filter(event_id=EVENT).update(
        payload={"who": PLANTED}, headers={"who": PLANTED}
    )
    Outcome.objects.update(error=f"Traceback\n  …\nValueError: {PLANTED}")
    error = f"Traceback\n  …\nValueError: {PLANTED}"
    (letter,) = write_dead_letters(world.service, "exportRequested", error=error)
    letter.body = bytes(letter.body).replace(b"elife", PLANTED.encode())
    letter.save()
    event_type = world.event_type
    event_type.private = True
    event_type.save()
    return event_type


def places() -> list[str]:
    uuids = {one.name for one in (*pages, *endpoints) if "uuid" in str(one.pattern)}
    known = {**SAMPLES, **{f"{name}.pk": str(RUN) for name in uuids}}
    found = [*PAGES, *SEARCHES]
    found += [address(one, known) for one in pages]
    return found + [address(one, known, "/api/v1/") for one in endpoints if one.name != "nowhere"]


def where_it_is(client: Client) -> set[str]:
    return {one for one in places() if PLANTED.encode() in held(client.get(one), one)}


def held(answer: Any, path: str) -> bytes:
    """What an answer holds; a page repeats what was searched for."""
    content: bytes = answer.getvalue() if answer.streaming else answer.content
    if PLANTED not in path:
        return content
    rows = content.split(b'id="list"')[-1] if path.startswith("/dead") else content
    return rows.replace(f"={PLANTED}".encode(), b"").replace(f'value="{PLANTED}"'.encode(), b"")


def test_nobody_without_the_right_gets_it(
    private: EventType,
    stranger: User,
    viewer: User,
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    for user in (stranger, viewer, operator):
        assert where_it_is(signed_in(user)) == set()


def test_who_listens_gets_it_as_before(
    private: EventType, member: User, signed_in: Callable[[User], Client]
) -> None:
    found = where_it_is(signed_in(member))
    assert {f"/feed/events/{EVENT}/", "/dead-letters/2/", "/dead-letters/2/edit/"} <= found
    assert f"/api/v1/events/?search={PLANTED}" in found


@pytest.mark.parametrize("setting", ["shown", "hidden"])
def test_the_setting_decides_about_what_is_not_private(
    setting: str,
    private: EventType,
    operator: User,
    settings: Any,
    signed_in: Callable[[User], Client],
) -> None:
    EventType.objects.update(private=False)
    settings.EVENTBUS_PAYLOADS = setting
    assert bool(where_it_is(signed_in(operator))) is (setting == "shown")


def test_a_reason_reveals_just_that_event_and_its_owner_reads_it(
    private: EventType, operator: User, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(operator)
    client.post("/reveal/", {"event": EVENT, "reason": REASON})
    found = where_it_is(client)
    assert f"/feed/events/{EVENT}/" in found
    assert not found & {f"/feed/events/{OTHER}/", f"/api/v1/events/{OTHER}/", "/dead-letters/2/"}
    entry = AuditEntry.objects.get(verb="revealed")
    assert (entry.actor_name, entry.object_name) == ("otto", private.name)
    assert entry.after["reason"] == REASON
    assert REASON.encode() in signed_in(member).get("/event-types/exportRequested/").content


def test_all_of_a_type_is_revealed_until_the_time_is_over(
    private: EventType, operator: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(operator)
    client.post("/reveal/", {"letter": "2", "whole": "1", "reason": REASON})
    assert {f"/feed/events/{OTHER}/", "/dead-letters/2/"} <= where_it_is(client)
    Reveal.objects.update(until="2020-01-01T00:00:00Z")
    assert where_it_is(client) == set()


@pytest.mark.parametrize("reason", ["", "why", "x" * 301])
def test_without_a_sentence_nothing_is_revealed(
    reason: str, private: EventType, operator: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(operator)
    client.post("/reveal/", {"event": EVENT, "reason": reason})
    assert not Reveal.objects.exists()
    assert not AuditEntry.objects.filter(verb="revealed").exists()


def test_people_from_outside_reveal_nothing(
    private: EventType, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    stranger.teams.update(is_outside=True)
    signed_in(stranger).post("/reveal/", {"event": EVENT, "reason": REASON})
    assert not Reveal.objects.exists()


def test_what_is_hidden_is_not_edited(
    private: EventType, operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).post("/dead-letters/2/edit/", {"text": "{}"})
    assert b"Reveal it before you edit it" in answer.content or b"Hidden." in answer.content
    assert answer.status_code == 200
