"""Tokens are made, shown once, used, and revoked; none does more than who made it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.accounts.tokens import note_use
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import Revision, Service
from eventbus_admin.registry.tokens import MOST_LIVE
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]
READ, WRITE, TEST, APPLY, CREDENTIALS, TOKENS = TokenScope


def test_it_is_made_used_and_revoked(
    make_service: Callable[..., Service], member: User, program: Caller
) -> None:
    # Given
    make_service("export-manager")
    bus = program(member)

    # When one is made, then it lets in, for what it is for
    made = bus.post("tokens/", {"name": "deployment", "scopes": ["write", "read"]})
    assert made.status_code == 201
    body = made.json()
    assert (body["scopes"], body["user"], body["service"]) == (["read", "write"], "mia", None)
    mine = Program(body["token"])
    assert mine.patch("services/export-manager/", {"description": "x"}).status_code == 200
    assert mine.post("tokens/", {"name": "x", "scopes": ["read"]}).status_code == 403

    # And when it is revoked, twice, then it does not any more
    address = made["Location"].removeprefix("http://testserver")
    assert [bus.delete(address).status_code for _ in range(2)] == [204, 204]
    assert mine.get("services/").json()["code"] == "revoked_token"
    assert bus.get(address).json()["revoked"] is not None

    # And the trail tells of it, while the registry did not change
    trail = AuditEntry.objects.filter(object_kind="token").order_by("id")
    assert [(one.actor_name, one.verb) for one in trail] == [("mia", "created"), ("mia", "revoked")]
    assert Revision.objects.get().number == 1, "the service's change alone"


@pytest.mark.parametrize(
    ("scopes", "days", "allowed"),
    [
        (["read"], 1, True),
        (["read", "tokens"], 2, True),
        (["read", "write"], 1, False),
        (["read"], 3, False),
        (["read"], None, False),
    ],
)
def test_a_token_makes_none_that_does_more_or_lives_longer(
    scopes: list[str], days: int | None, allowed: bool, operator: User, program: Caller
) -> None:
    now = timezone.now()
    bus = program(operator, scopes=(READ, TOKENS), expires=now + timedelta(days=2))
    sent: dict[str, Any] = {"name": "a", "scopes": scopes}
    if days:
        sent["expires"] = (now + timedelta(days=days)).isoformat()

    answer = bus.post("tokens/", sent)

    assert (answer.status_code, ApiToken.objects.count()) == ((201, 2) if allowed else (403, 1))


def test_a_services_team_makes_and_revokes_its_tokens(
    make_service: Callable[..., Service],
    member: User,
    stranger: User,
    operator: User,
    program: Caller,
) -> None:
    # Given
    make_service("export-manager")
    wanted = {"name": "its own", "scopes": ["read"], "service": "export-manager"}

    # When its team makes one, then it is the service's
    made = program(member).post("tokens/", wanted).json()
    assert (made["user"], made["service"]) == (None, "export-manager")

    # And others neither make one nor see that there is one
    refused = program(stranger).post("tokens/", wanted)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    path = f"tokens/{made['prefix']}/"
    assert program(stranger).get(path).status_code == 404
    assert program(stranger).delete(path).status_code == 404
    assert "export-manager" not in program(stranger).get("tokens/").content.decode()

    # And the service itself may look at it, and give it back
    itself = Program(made["token"])
    assert itself.get(path).status_code == 200
    assert program(member).delete(path).status_code == 204
    assert itself.get(path).status_code == 401


def test_a_service_may_revoke_its_own(
    make_token: Callable[..., tuple[ApiToken, str]],
) -> None:
    token, text = make_token(service="export-manager")
    other, _ = make_token(service="submission")
    itself = Program(text)
    assert itself.delete(f"tokens/{other.prefix}/").status_code == 404
    assert itself.delete(f"tokens/{token.prefix}/").status_code == 204
    assert itself.get("services/").status_code == 401


def test_there_are_not_endlessly_many(operator: User, program: Caller) -> None:
    bus = program(operator)
    ApiToken.objects.bulk_create(
        ApiToken(prefix=f"t{number}", digest="x", name="t", user=operator)
        for number in range(MOST_LIVE - 1)
    )
    sent = {"name": "one more", "scopes": ["read"]}
    answer = bus.post("tokens/", sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")
    ApiToken.objects.filter(prefix="t1").update(revoked=timezone.now())
    assert bus.post("tokens/", sent).status_code == 201


def test_its_use_is_noted_once_a_minute(
    operator: User,
    make_token: Callable[..., tuple[ApiToken, str]],
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    bus = Program(make_token(operator)[1])
    bus.get("teams/")
    first = ApiToken.objects.get().last_used
    assert first is not None

    bus.get("teams/")
    assert ApiToken.objects.get().last_used == first
    with django_assert_num_queries(0):
        note_use(ApiToken(last_used=timezone.now()))

    ApiToken.objects.update(last_used=first - timedelta(minutes=1, seconds=1))
    bus.get("teams/")
    assert ApiToken.objects.get().last_used > first - timedelta(seconds=1)


def test_a_service_sees_what_is_its_own(
    world: object,
    make_subscription: Callable[..., Any],
    make_event_type: Callable[..., Any],
    program: Caller,
) -> None:
    # Given others beside it
    make_subscription("exportRequested", "audit-log")
    make_subscription("other", "audit-log")
    make_event_type("unused")
    itself = program(service="export-manager")

    def names(path: str, field: str) -> list[str]:
        return [one[field] for one in itself.get(path).json()["results"]]

    # Then it sees itself, what it listens to and publishes, and what it handled
    assert names("services/", "name") == ["export-manager"]
    assert names("event-types/", "name") == ["exportRequested"]
    assert names("subscriptions/", "service") == ["export-manager"]
    assert names("publications/", "service") == ["export-manager"]
    assert names("events/", "type") == ["exportRequested"]
    for path in ("services/audit-log/", "event-types/unused/", "subscriptions/other/audit-log/"):
        assert itself.get(path).status_code == 404

    # And another service sees none of that event
    assert program(service="other").get("events/").json()["results"] == []
    assert program(service="other").get("events/exportRequested_1/").status_code == 404
