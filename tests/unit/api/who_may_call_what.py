"""Every endpoint called by everybody: who may, and with which refusal not."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.api.views.document import document
from eventbus_admin.deadletters.models import RetryRun
from eventbus_admin.reconcile.models import BrokerObject, Sync
from eventbus_admin.reconcile.stored_plan import plan_id
from eventbus_admin.registry.as_code.importing import plan_import
from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.models import Service
from tests.harness.dead_letters import write_dead_letters
from tests.unit.api.conftest import (
    API,
    EVENT,
    INVITATION,
    KEPT,
    OPERATION,
    PAUSED,
    REQUEST,
    RUN,
    STRANGER_USER,
    TARGET,
    Program,
)

READ, WRITE, TEST, APPLY, CREDENTIALS, TOKENS = TokenScope
PAIR = "exportRequested/export-manager"
CONTACT = "version: 1\nservices: {export-manager: {contact: ops@example.org}}\n"
DISCARD, STOPPED = UUID(int=2), UUID(int=3)


@dataclass(frozen=True)
class Call:
    """One endpoint, and what comes of it for those who are let in at all."""

    method: str
    path: str
    scope: TokenScope
    member: int
    stranger: int
    operator: int
    service: int
    body: Any = None
    anonymous: int = 401

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def reads(path: str, service: int = 200) -> Call:
    return Call("GET", path, READ, member=200, stranger=200, operator=200, service=service)


def writes(method: str, path: str, status: int, body: Any = None, **other: Any) -> Call:
    values = {"member": status, "stranger": 403, "operator": status, "service": 403, **other}
    return Call(method, path, values.pop("scope", WRITE), body=body, **values)


def operates(method: str, path: str, status: int, body: Any = None, **other: Any) -> Call:
    return writes(method, path, status, body, member=403, **other)


CALLS = (
    reads("event-types/"),
    reads("event-types/exportRequested/"),
    writes("POST", "event-types/", 201, {"name": "new", "owner": "Journals"}),
    writes("PATCH", "event-types/exportRequested/", 200, {"description": "new"}),
    writes(
        "POST",
        "event-types/exportRequested/test-event/",
        202,
        {"to": "export-manager", "payload": {}},
        scope=TEST,
    ),
    reads("services/"),
    reads("services/export-manager/"),
    writes("POST", "services/", 201, {"name": "new", "owner": "Journals"}),
    writes("PATCH", "services/export-manager/", 200, {"description": "new"}),
    reads("services/export-manager/credentials/"),
    writes(
        "POST",
        "services/export-manager/credentials/",
        201,
        {"anew": "beside"},
        scope=CREDENTIALS,
        service=201,
    ),
    writes("DELETE", "services/export-manager/credentials/", 204, scope=CREDENTIALS, service=204),
    writes("DELETE", "services/export-manager/credentials/a/", 204, scope=CREDENTIALS, service=204),
    reads("services/export-manager/workers/"),
    reads("services/export-manager/credentials/rotate/"),
    writes(
        "POST",
        "services/export-manager/credentials/rotate/",
        201,
        scope=CREDENTIALS,
        service=201,
    ),
    writes("DELETE", "services/paused/credentials/rotate/", 204, scope=CREDENTIALS, service=404),
    writes("POST", "services/paused/credentials/rotate/end/", 204, scope=CREDENTIALS, service=404),
    reads("publications/"),
    reads(f"publications/{PAIR}/"),
    writes(
        "POST",
        "publications/",
        201,
        {"event_type": "unused", "service": "export-manager"},
        member=403,
    ),
    writes("DELETE", f"publications/{PAIR}/", 204),
    reads("subscriptions/"),
    reads(f"subscriptions/{PAIR}/"),
    writes("POST", "subscriptions/", 201, {"event_type": "unused", "service": "export-manager"}),
    writes("PATCH", f"subscriptions/{PAIR}/", 200, {"prefetch": 7}),
    writes("DELETE", f"subscriptions/{PAIR}/", 204),
    writes("POST", f"subscriptions/{PAIR}/pause/", 200),
    writes("POST", "subscriptions/paused/export-manager/resume/", 200),
    # Registration is open in these tests: anybody may.
    writes(
        "POST",
        "integrators/",
        201,
        {
            "name": "crossref-exporter",
            "contact": "ops@example.org",
            "reason": "DOI deposits",
            "subscribes": ["exportRequested"],
        },
        stranger=201,
        service=201,
        anonymous=201,
    ),
    operates("GET", "invitations/", 200, scope=READ),
    operates("POST", "invitations/", 201, {"note": "Crossref"}),
    operates("GET", f"invitations/{INVITATION}/", 200, scope=READ),
    operates("DELETE", f"invitations/{INVITATION}/", 204),
    reads("requests/"),
    writes(
        "POST",
        "requests/",
        201,
        {"service": "export-manager", "reason": "More.", "subscribes": ["unused"]},
        service=201,
    ),
    reads(f"requests/{REQUEST}/"),
    operates("POST", f"requests/{REQUEST}/approve/", 200),
    operates("POST", f"requests/{REQUEST}/decline/", 200, {"reason": "no"}),
    reads("dead-letters/"),
    reads(f"dead-letters/{REQUEST}/"),
    writes("POST", "dead-letters/retry/", 201, {"ids": [REQUEST]}),
    writes("POST", "dead-letters/discard/", 200, {"filter": {"service": "export-manager"}}),
    writes("POST", f"dead-letters/discard/{DISCARD}/undo/", 200),
    reads("dead-letters/runs/", service=403),
    reads(f"dead-letters/runs/{RUN}/", service=403),
    writes("POST", f"dead-letters/runs/{RUN}/stop/", 200),
    writes("POST", f"dead-letters/runs/{STOPPED}/resume/", 200),
    reads("events/"),
    reads(f"events/{EVENT}/"),
    reads(f"why/export-manager/{EVENT}/"),
    reads("map/"),
    reads("status/", service=403),
    reads("plan/", service=403),
    writes(
        "POST",
        "plan/adopt/",
        200,
        {"steps": ["exchange event__unknown"], "owner": "Journals"},
        member=403,
    ),
    reads("runs/", service=403),
    reads(f"runs/{RUN}/", service=403),
    writes("POST", "runs/", 201, {"plan": "…"}, member=403, scope=APPLY),
    operates(
        "POST",
        f"broker-users/{STRANGER_USER}/remove/",
        202,
        {"confirm": STRANGER_USER},
        scope=APPLY,
    ),
    reads("audit/"),
    reads("registry/", service=403),
    Call(
        "POST",
        "registry/plan/",
        READ,
        member=200,
        stranger=200,
        operator=200,
        service=403,
        body={"document": CONTACT},
    ),
    writes("POST", "registry/import/", 200, {"document": CONTACT, "plan": "…"}, member=403),
    reads("operations/", service=403),
    reads(f"operations/{OPERATION}/", service=403),
    writes(
        "POST",
        "operations/",
        201,
        {"kind": "removal", "name": "consumer__retired__stranger"},
        member=403,
        scope=APPLY,
    ),
    writes("POST", f"operations/{OPERATION}/pause/", 200, member=403, scope=APPLY),
    writes("POST", f"operations/{PAUSED}/resume/", 200, member=403, scope=APPLY),
    writes("POST", f"operations/{OPERATION}/cancel/", 200, member=403, scope=APPLY),
    reads("quarantines/", service=403),
    writes(
        "POST",
        f"quarantines/{KEPT}/restore/",
        201,
        {"to": TARGET},
        member=403,
        scope=APPLY,
    ),
    writes(
        "POST",
        f"quarantines/{KEPT}/discard/",
        201,
        {"typed": "consumer__old__stranger"},
        member=403,
        scope=APPLY,
    ),
    reads("teams/", service=403),
    reads("teams/Journals/", service=403),
    reads("tokens/"),
    # Somebody else's token: that it exists is not for others to know.
    Call("GET", "tokens/…/", READ, member=404, stranger=404, operator=200, service=404),
    Call("DELETE", "tokens/…/", TOKENS, member=404, stranger=404, operator=204, service=404),
    Call(
        "POST",
        "tokens/",
        TOKENS,
        member=201,
        stranger=201,
        operator=201,
        service=403,
        body={"name": "new", "scopes": ["read"]},
    ),
)
REFUSED = {
    "anonymous": (401, "not_authenticated"),
    "a wrong secret": (401, "unknown_token"),
    "a revoked token": (401, "revoked_token"),
    "an expired token": (401, "expired_token"),
    "a switched-off owner": (401, "switched_off"),
    "another scope": (403, "missing_scope"),
}
CALLERS = ("member", "stranger", "operator", "service", *REFUSED)

counted: Counter[int] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _told() -> Iterator[None]:
    yield
    print(f"\n{counted.total()} calls: {dict(sorted(counted.items()))}")


@pytest.fixture
def call_as(
    make_token: Callable[..., tuple[ApiToken, str]],
    make_user: Callable[..., User],
    member: User,
    stranger: User,
    operator: User,
) -> Callable[[str, Call], Program]:
    """Return a program of the caller of this name."""
    past = timezone.now() - timedelta(seconds=1)

    def texts(who: str, call: Call) -> str:
        others = tuple(scope for scope in TokenScope if scope is not call.scope)
        match who:
            case "member" | "stranger" | "operator":
                people = {"member": member, "stranger": stranger, "operator": operator}
                return make_token(people[who])[1]
            case "service":
                return make_token(service="export-manager")[1]
            case "a wrong secret":
                return f"{make_token(operator)[0].prefix}.wrong"
            case "a revoked token":
                token, text = make_token(operator)
                ApiToken.objects.filter(pk=token.pk).update(revoked=past)
                return text
            case "an expired token":
                return make_token(operator, expires=past)[1]
            case "a switched-off owner":
                return make_token(make_user("olga", role="operator", is_active=False))[1]
            case "another scope":
                return make_token(operator, others)[1]
        return ""

    return lambda who, call: Program(texts(who, call))


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_matrix(
    call: Call,
    who: str,
    broker: MemoryBroker,
    call_as: Callable[[str, Call], Program],
    make_event_type: Callable[..., Any],
    make_subscription: Callable[..., Any],
    make_rotation: Callable[[str], Service],
    make_token: Callable[..., tuple[ApiToken, str]],
    administrator: User,
    settings: Any,
) -> None:
    settings.EVENTBUS_REGISTRATION = "open"
    # Given things to act on
    make_event_type("unused")
    paused = make_subscription("paused", "export-manager", state="paused")
    _write_more_dead_letters(paused.service)
    make_rotation("paused")
    BrokerObject.objects.create(
        kind="exchange", name="event__unknown", sync=Sync.UNMANAGED, since=timezone.now()
    )
    BrokerObject.objects.create(
        kind="queue",
        name="consumer__retired__stranger",
        sync="unmanaged",
        found={"messages": 0, "consumers": 0},
        since=timezone.now(),
    )
    path = call.path.replace("…", make_token(administrator)[0].prefix)
    body = call.body
    if call.path == "runs/" and body:
        body = {**body, "plan": plan_id()}
    if call.path == "registry/import/":
        body = {**body, "plan": plan_import(read(CONTACT)).id}

    # When
    answer = call_as(who, call).call(call.method, path, body)

    # Then
    counted[answer.status_code] += 1
    if who in REFUSED and not (who == "anonymous" and call.anonymous != 401):
        status, code = REFUSED[who]
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.has_header("WWW-Authenticate") == (status == 401)
    else:
        assert answer.status_code == getattr(call, who), answer.content


def _write_more_dead_letters(service: Service) -> None:
    stopped = RetryRun.objects.create(pk=STOPPED, requested_by_name="mia", state="stopped")
    write_dead_letters(service, "paused", pk=101, state="discarded", discard=DISCARD)
    write_dead_letters(service, "paused", pk=102, run=stopped)
    write_dead_letters(service, "paused", pk=103, run_id=RUN, state="prepared")


def test_every_endpoint_is_in_the_matrix() -> None:
    described = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
        if method in {"get", "post", "patch", "delete"}
    }
    assert len(described) == len(CALLS)
    for call in CALLS:
        parts = f"{API}/{call.path}".split("/")
        assert [
            path
            for method, path in described
            if method == call.method and _fits(path.split("/"), parts)
        ], call


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        known == part or known.startswith("{") for known, part in zip(template, parts, strict=True)
    )
