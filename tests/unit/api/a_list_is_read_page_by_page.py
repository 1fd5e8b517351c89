"""A list comes in pages, complete and without repetitions, in both directions and every order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.recording import record
from eventbus_admin.integrators.models import Invitation
from eventbus_admin.journal.models import JournalEntry, WorkerPresence
from eventbus_admin.reconcile.models import BrokerObject, Run, Sync
from eventbus_admin.registry.models import Publication, Subscription
from tests.unit.api.conftest import Program

Caller = Callable[..., Program]

ORDERINGS = {
    "event-types/": ("name", "-name", "created", "-created"),
    "services/": ("name", "-name", "created", "-created"),
    "publications/": ("event_type", "-event_type", "service", "created", "-created"),
    "subscriptions/": ("event_type", "-event_type", "service", "-service", "created", "-created"),
    "events/": ("-seen", "seen"),
    "plan/": ("object", "-object"),
    "runs/": ("-created", "created"),
    "teams/": ("name", "-name"),
    "tokens/": ("-created", "created"),
    "invitations/": ("-created", "created"),
    "audit/": ("-at", "at"),
    "services/service0/workers/": ("worker", "-worker"),
}


@pytest.fixture
def many(
    make_subscription: Callable[..., Subscription],
    make_team: Callable[[str], Any],
    make_token: Callable[..., Any],
    operator: User,
) -> None:
    """Seven of everything; all were made in the same moment."""
    now = timezone.now()
    for number in range(7):
        made = make_subscription(f"type{number}", f"service{6 - number}")
        Publication.objects.create(event_type=made.event_type, service=made.service)
        JournalEntry.objects.create(
            event_id=f"e{number}", type="type0", correlation_id="c", created=now, seen=now
        )
        BrokerObject.objects.create(kind="queue", name=f"q{number}", sync=Sync.MISSING, since=now)
        Run.objects.create()
        make_team(f"Team {number}")
        make_token(operator)
        Invitation.objects.create(code_hash=f"x{number}", expires=now)
        WorkerPresence.objects.create(
            worker=f"w{number}", service="service0", host="h", pid=1, version="1", last_seen=now
        )
        record(actor=SYSTEM, verb="made", object_kind="service", object_name=f"service{number}")
    Run.objects.update(created=now)
    Subscription.objects.update(created=now)


def walk(bus: Program, path: str, step: str = "next") -> list[dict[str, Any]]:
    """Return the pages from this one on, in one direction."""
    pages = [bus.get(path).json()]
    while address := pages[-1][step]:
        pages.append(bus.get(address.removeprefix("http://testserver")).json())
    return pages


def rows(pages: list[dict[str, Any]]) -> list[Any]:
    """Return what stands on these pages."""
    return [one for page in pages for one in page["results"]]


@pytest.mark.parametrize(
    ("path", "ordering"), [(path, one) for path, all_ in ORDERINGS.items() for one in all_]
)
def test_forth_and_back(
    path: str, ordering: str, many: None, operator: User, program: Caller
) -> None:
    # Given
    bus = program(operator)
    whole = bus.get(f"{path}?ordering={ordering}&page_size=500").json()
    assert (whole["next"], whole["previous"]) == (None, None)
    assert len(whole["results"]) >= 7

    # When it is read in pages of three
    pages = walk(bus, f"{path}?ordering={ordering}&page_size=3")

    # Then they are the whole list in its order
    assert rows(pages) == whole["results"]
    assert {len(page["results"]) for page in pages[:-1]} == {3}

    # And the way back leads over the same rows
    before = pages[-1]["previous"].removeprefix("http://testserver")
    back = walk(bus, before, "previous")
    assert rows([*reversed(back), pages[-1]]) == whole["results"]


def test_a_row_that_goes_away_moves_no_other(many: None, operator: User, program: Caller) -> None:
    bus = program(operator)
    first = bus.get("subscriptions/?page_size=3").json()
    Subscription.objects.filter(event_type__name="type0").delete()

    second = bus.get(first["next"].removeprefix("http://testserver")).json()

    assert [one["event_type"] for one in second["results"]] == ["type3", "type4", "type5"]


def test_filters_stay_on_every_page(many: None, operator: User, program: Caller) -> None:
    Subscription.objects.filter(event_type__name__in=("type1", "type3", "type5")).update(
        state="paused"
    )
    pages = walk(program(operator), "subscriptions/?state=paused&search=type&page_size=2")
    assert [[one["event_type"] for one in page["results"]] for page in pages] == [
        ["type1", "type3"],
        ["type5"],
    ]


def test_a_cursor_is_of_one_ordering(many: None, operator: User, program: Caller) -> None:
    bus = program(operator)
    other = bus.get("services/?page_size=3").json()["next"]
    answer = bus.get(f"{other.removeprefix('http://testserver')}&ordering=-name")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
    stolen = other.partition("cursor=")[2].partition("&")[0]
    assert bus.get(f"runs/?cursor={stolen}").status_code == 400


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("event-types/?owner=Journals", 7),
        ("event-types/?owner=Nobody", 0),
        ("event-types/?lifecycle=draft", 0),
        ("event-types/?search=TYPE3", 1),
        ("services/?kind=internal", 7),
        ("services/?kind=integrator", 0),
        ("publications/?event_type=type2", 1),
        ("publications/?service=service2&state=active", 1),
        ("subscriptions/?event_type=type1&service=service5", 1),
        ("subscriptions/?kind=ordered", 0),
        ("subscriptions/?health=healthy", 0),
        ("subscriptions/?sync=missing", 0),
        ("subscriptions/?search=type1/service5", 1),
        ("subscriptions/?owner=Journals", 7),
        ("events/?type=type0", 7),
        ("events/?search=E3", 1),
        ("events/?correlation_id=c&source=x", 0),
        ("events/?service=x", 0),
        ("plan/?sync=missing&object=queue&search=q1", 1),
        ("plan/?service=x", 0),
        ("runs/?state=queued", 7),
        ("runs/?state=done", 0),
        ("teams/?search=team 3", 1),
        ("tokens/?user=otto", 8),
        ("tokens/?service=x", 0),
        ("invitations/?state=ended", 7),
        ("invitations/?state=open", 0),
        ("invitations/?state=used", 0),
        ("audit/?kind=service&verb=made&actor=system", 7),
        ("audit/?object=service3", 1),
        ("audit/?search=SERVICE3", 1),
        ("audit/?kind=token", 0),
        ("audit/?group=5b1f0a52-8f3c-4c52-9d8f-0d1f6f0a7c11", 0),
        ("audit/?since=2020-01-01T00:00:00Z", 7),
        ("audit/?until=2020-01-01T00:00:00Z", 0),
        ("services/service0/workers/", 7),
        ("services/service1/workers/", 0),
    ],
)
def test_each_filter(path: str, found: int, many: None, operator: User, program: Caller) -> None:
    assert len(program(operator).get(path).json()["results"]) == found


def test_times_are_utc_with_milliseconds(operator: User, program: Caller) -> None:
    moment = timezone.now().replace(microsecond=34_567) + timedelta(days=1)
    sent = {"name": "a", "scopes": ["read"], "expires": moment.isoformat()}
    expires = program(operator).post("tokens/", sent).json()["expires"]
    assert expires == f"{moment:%Y-%m-%dT%H:%M:%S}.034Z"
