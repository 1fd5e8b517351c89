"""From Drift to an operation: what would be lost is said, the name is typed, progress is shown."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.models import BrokerObject, Operation, Quarantine
from eventbus_admin.registry.models import Subscription
from tests.unit.console.conftest import BLOCKED, RUN, UNMANAGED

NAME = "consumer__exportRequested__gone"
REMOVE = f"/drift/objects/{UNMANAGED}/remove/"


@pytest.fixture
def client(world: Subscription, operator: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(operator)


def test_drift_leads_there(client: Client) -> None:
    page = client.get(f"/drift/objects/{UNMANAGED}/").content.decode()
    assert REMOVE in page
    page = client.get(f"/drift/objects/{BLOCKED}/").content.decode()
    assert f"/drift/objects/{BLOCKED}/replace/" in page
    assert "/operations/" in client.get("/drift/").content.decode()


def test_it_says_what_would_be_lost_and_how_old_the_number_is(client: Client) -> None:
    page = client.get(REMOVE).content.decode()
    assert "<strong>3 messages</strong> were in it" in page
    assert "as counted <time" in page
    assert "to be restored within 14 days" in page
    BrokerObject.objects.filter(pk=UNMANAGED).update(found={"messages": 0, "consumers": 0})
    assert "It was empty" in client.get(REMOVE).content.decode()


def test_without_the_name_typed_nothing_happens(client: Client) -> None:
    answer = client.post(REMOVE, {"messages": "quarantine", "typed": "gone"}, follow=True)
    assert "Type its name to go on." in answer.content.decode()
    assert not Operation.objects.filter(name=NAME).exists()


def test_with_it_an_operation_begins_and_is_audited(client: Client, operator: User) -> None:
    answer = client.post(REMOVE, {"messages": "quarantine", "typed": NAME})
    operation = Operation.objects.get(name=NAME)
    assert answer["Location"] == f"/operations/{operation.pk}/"
    assert operation.requested_by == operator
    assert Quarantine.objects.filter(source=NAME, removal=operation).exists()
    entry = AuditEntry.objects.get(object_name=str(operation.pk))
    assert (entry.actor, entry.verb, entry.group) == (operator, "requested", operation.pk)


def test_a_queue_that_differs_is_replaced(
    client: Client, make_subscription: Callable[..., Subscription]
) -> None:
    path = f"/drift/objects/{BLOCKED}/replace/"
    assert "No event is lost." in client.get(path).content.decode()
    answer = client.post(path, follow=True)
    assert "is no queue of a live subscription" in answer.content.decode()
    make_subscription("exportRequested", "other")
    client.post(path)
    assert Operation.objects.get(kind="swap").name == "consumer__exportRequested__other"


def test_an_object_that_is_in_order_has_no_such_page(client: Client) -> None:
    for pk in (BLOCKED, 12345):
        assert client.get(f"/drift/objects/{pk}/remove/").status_code == 404
    assert client.get(f"/drift/objects/{UNMANAGED}/replace/").status_code == 404


def test_the_page_shows_phases_and_offers_what_can_be_done(client: Client) -> None:
    page = client.get(f"/operations/{RUN}/").content.decode()
    assert "3 messages wait to be moved to quarantine." in page
    assert page.count("<li") >= 5
    assert 'aria-current="step"' in page
    for word in ("Pause", "Take back"):
        assert word in page
    client.post(f"/operations/{RUN}/pause/")
    assert "Resume" in client.get(f"/operations/{RUN}/").content.decode()
    client.post(f"/operations/{RUN}/cancel/")
    page = client.get(f"/operations/{RUN}/progress/").content.decode()
    assert "Being taken back" in page
    assert "Take back" not in page
    Operation.objects.update(state="done")
    assert "hx-get" not in client.get(f"/operations/{RUN}/progress/").content.decode()


def test_a_quarantine_is_restored_or_discarded(client: Client) -> None:
    page = client.get("/quarantines/900904/").content.decode()
    assert 'data-confirms="consumer__a__old"' in page
    answer = client.post("/quarantines/900904/discard/", {"typed": "x"}, follow=True)
    assert "Type its name to go on." in answer.content.decode()
    target = BrokerObject.objects.get(name="consumer__exportRequested__export-manager")
    target.sync = "in_sync"
    target.save()
    client.post("/quarantines/900904/", {"to": target.name})
    assert Operation.objects.get(kind="restore").options == {"to": target.name}
    assert "Something is done to it" in client.get("/quarantines/900904/").content.decode()
