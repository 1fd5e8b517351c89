"""Written as a document and read into an empty registry, a registry is the same again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.reading import read, read_value
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_values
from eventbus_admin.registry.models import (
    Credential,
    EventType,
    Publication,
    Service,
    Subscription,
)
from tests.unit.registry.as_code.conftest import exported

LADDER = (1_000, 60_000, 600_000)
# What every database stores, and no form would strip away.
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
texts = st.one_of(
    st.text(characters, max_size=30).map(str.strip),
    st.sampled_from(["no", "~", "1", "1e3", "- a", "a: b # c", "two\nlines", "x\r\n\n  y", "|"]),
)
names = st.one_of(
    st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,20}", fullmatch=True),
    st.sampled_from(["no", "null", "true", "on", "y"]),
)
examples = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(-1e6, 1e6, width=32).filter(lambda one: one != 0)
    | st.text(characters, max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(characters, max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def make_registry(data: st.DataObject) -> None:
    """Make rows of everything, past all actions."""
    draw = data.draw
    teams = [
        Team.objects.create(name=name, description=draw(texts), contact=draw(contacts))
        for name in draw(
            st.lists(texts.filter(bool), min_size=1, max_size=3, unique=True), label="teams"
        )
    ]
    owners = st.sampled_from(teams)
    types = [
        EventType.objects.create(
            name=name,
            owner=draw(owners),
            description=draw(texts),
            example=draw(examples),
            lifecycle=draw(st.sampled_from(["draft", "active", "deprecated", "retired"])),
        )
        for name in draw(st.lists(names, max_size=4, unique=True), label="event types")
    ]
    for name in draw(st.lists(names, max_size=3, unique=True), label="services"):
        service = Service.objects.create(
            name=name,
            owner=draw(owners),
            description=draw(texts),
            contact=draw(contacts),
            kind=draw(st.sampled_from(["internal", "integrator"])),
        )
        for event_type in types:
            join(data, event_type, service)


contacts = st.sampled_from(["", "ops@example.org"])


def join(data: st.DataObject, event_type: EventType, service: Service) -> None:
    draw = data.draw
    if draw(st.booleans()):
        Publication.objects.create(
            event_type=event_type,
            service=service,
            state=draw(st.sampled_from(["active", "retired", "requested", "declined"])),
        )
    if draw(st.booleans()):
        ended = ["retired", "requested", "declined"]
        live = [] if event_type.lifecycle == "retired" else ["active", "paused"]
        kind = draw(st.sampled_from(["quorum", "ordered", "classic"]))
        most = 1 if kind == "ordered" else 256
        widths = st.none() | st.integers(1, most)
        Subscription.objects.create(
            event_type=event_type,
            service=service,
            state=draw(st.sampled_from([*live, *ended])),
            kind=kind,
            retry_attempts=draw(st.integers(1, 1000)),
            retry_delays_ms=draw(st.sampled_from([list(LADDER), [1_000], [1_000, 600_000]])),
            prefetch=draw(widths),
            concurrency=draw(widths),
        )


def empty_registry() -> None:
    for model in (Subscription, Publication, Service, EventType, Team):
        model.objects.all().delete()


@pytest.mark.django_db
@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_any_registry(data: st.DataObject) -> None:
    with transaction.atomic():
        make_registry(data)
        text = exported()
        assert plan_import(read(text)).changes == ()
        empty_registry()
        import_document(actor=SYSTEM, document=read(text))
        assert exported() == text
        again = plan_import(read(text), prune=True)
        assert (again.changes, again.notes) == ((), ())
        transaction.set_rollback(True)


def test_the_json_says_the_same(story: Subscription) -> None:
    values = json.loads(json.dumps(as_values(read_stored())))
    assert read_value(values) == read(exported())
    assert plan_import(read_value(values)).changes == ()


def test_it_holds_neither_secrets_nor_people(
    story: Subscription, make_user: Callable[..., Any]
) -> None:
    make_user("mia", team="Journals")
    Credential.objects.create(
        service=story.service, slot="a", password_hash="planted", issued=story.created
    )
    text = exported()
    assert [one for one in ("mia", "planted", "bus__", "credential") if one in text] == []


def test_it_reads_well(story: Subscription) -> None:
    _, _, text = exported().partition("\nversion: 1\n")
    assert (
        text
        == """
teams:
  Journals: {}

event_types:
  beginMecaExport:
    owner: Journals
    lifecycle: active
    description: |-
      Said
      in two lines.
    example:
      a: 'no'
      b:
      - 1
      - {}
  exportRequested:
    owner: Journals
    lifecycle: active
  journalLeft:
    owner: Journals
    lifecycle: retired

services:
  crossref:
    owner: Journals
    kind: integrator
    contact: ops@example.org
    subscribes:
      exportRequested:
        state: paused
        kind: ordered
        attempts: 10
        delays_ms: [1000, 60000, 600000]
        concurrency: 1
      journalLeft:
        state: retired
        kind: quorum
        attempts: 10
        delays_ms: [1000, 60000, 600000]
  export-manager:
    owner: Journals
    kind: internal
    publishes:
      beginMecaExport: active
    subscribes:
      exportRequested:
        state: active
        kind: quorum
        attempts: 10
        delays_ms: [1000, 60000, 600000]
        prefetch: 7
"""
    )


def test_what_waits_for_a_decision_is_no_part_of_it(
    make_subscription: Callable[..., Subscription],
) -> None:
    one = make_subscription("A", "x", state="requested")
    Publication.objects.create(service=one.service, event_type=one.event_type, state="declined")
    values = as_values(read_stored())
    assert values["services"] == {"x": {"owner": "Journals", "kind": "internal"}}


@pytest.mark.django_db
def test_many_cost_as_many_queries_as_few(make_team: Callable[[str], Team]) -> None:
    def grow(first: int, last: int) -> None:
        owner = make_team("Journals")
        numbers = range(first, last)
        types = EventType.objects.bulk_create(
            EventType(name=f"type{number}", owner=owner) for number in numbers
        )
        services = Service.objects.bulk_create(
            Service(name=f"service{number}", owner=owner) for number in numbers
        )
        both = list(zip(types, services, strict=True))
        Publication.objects.bulk_create(Publication(event_type=t, service=s) for t, s in both)
        Subscription.objects.bulk_create(Subscription(event_type=t, service=s) for t, s in both)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            exported()
        return len(captured)

    grow(0, 20)
    few = queries()
    grow(20, 500)
    assert queries() == few == 5
