"""Entries of one request or run share a group; those of two do not."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.middleware import AuditGroupMiddleware
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.audit.recording import audit_group, record


def deed() -> AuditEntry:
    return record(actor=SYSTEM, verb="changed", object_kind="service", object_name="submission")


def view(request: HttpRequest) -> HttpResponse:
    deed()
    deed()
    return HttpResponse("done")


@pytest.mark.django_db
def test_two_deeds_of_one_request_share_it() -> None:
    AuditGroupMiddleware(view)(RequestFactory().post("/"))

    first, second = AuditEntry.objects.all()
    assert first.group == second.group


@pytest.mark.django_db
def test_two_requests_do_not() -> None:
    middleware = AuditGroupMiddleware(view)

    middleware(RequestFactory().post("/"))
    middleware(RequestFactory().post("/"))

    assert AuditEntry.objects.values("group").distinct().count() == 2


@pytest.mark.asyncio
async def test_a_request_of_the_asynchronous_server_keeps_it_across_threads() -> None:
    # Given a view that runs on another thread
    groups: list[uuid.UUID] = []

    def work() -> None:
        with audit_group() as group:
            groups.append(group)

    async def answer(request: HttpRequest) -> HttpResponse:
        await sync_to_async(work, thread_sensitive=False)()
        await sync_to_async(work, thread_sensitive=False)()
        return HttpResponse("done")

    # When two requests come
    middleware = AuditGroupMiddleware(answer)
    response = await middleware(RequestFactory().post("/"))
    await middleware(RequestFactory().post("/"))

    # Then what one of them does has one group
    assert response.content == b"done"
    assert groups[0] == groups[1] != groups[2] == groups[3]


@pytest.mark.django_db
def test_deeds_outside_any_group_stand_alone() -> None:
    assert deed().group != deed().group


@pytest.mark.django_db
def test_an_inner_group_joins_the_outer() -> None:
    with audit_group() as outer, audit_group() as inner:
        entry = deed()

    assert entry.group == outer == inner


@pytest.mark.django_db
def test_a_run_gives_its_own_id() -> None:
    run = uuid.uuid4()

    with audit_group(), audit_group(run):
        entry = deed()

    assert entry.group == run


@pytest.mark.django_db
def test_a_group_ends_when_its_request_fails() -> None:
    with pytest.raises(RuntimeError), audit_group() as failed:
        raise RuntimeError

    assert deed().group != failed
