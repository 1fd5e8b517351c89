"""Each page, each endpoint and the comparison take as many queries for 500 rows as for 20.

The pages come from the URL configurations, so that a new one is measured as soon as it is there.
One that needs another value than the hub's in its address fails until `samples` has it.
"""

from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import URLPattern

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.api.serializers.base import ListParameters
from eventbus_admin.api.urls import urlpatterns as endpoints
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.console.urls import urlpatterns as pages
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun
from eventbus_admin.integrators.models import AccessRequest, Invitation
from eventbus_admin.reconcile.cycle import compare
from eventbus_admin.reconcile.models import BrokerObject, Operation, Quarantine, Run
from tests.harness.addresses import address
from tests.unit.growth.measuring import MOST, measured, queries, require_rows, require_the_same
from tests.unit.growth.rows import GROUP, HUB, REMOVED, REPLACED, TEAM, TOKEN, begin, grow

FEW, MANY = 20, 500
API = "/api/v1/"
NO_PAGE = "nowhere"
# A service has two at most.
SHORT = frozenset({"credentials"})

# Pages of the console on which rows must be seen.
LISTS = (
    "/",
    "/audit/",
    "/dead-letters/",
    "/dead-letters/causes/1/",
    "/drift/",
    "/event-types/",
    f"/event-types/{HUB}/",
    "/integrators/",
    "/map/",
    "/operations/",
    "/runs/",
    "/services/",
    f"/services/{HUB}/",
    "/subscriptions/",
    "/tokens/",
)
# Pages in some state of theirs.
MORE_PAGES = (
    f"/audit/?who=otto&verb=changed&kind=service&object={HUB}&within=day&request={GROUP}",
    "/drift/?sync=missing",
    "/event-types/?q=type&owner=Team+1",
    f"/map/?focus=service:{HUB}",
    "/map/?q=type&owner=Team+1&problems=1",
    f"/new/subscription/?service={HUB}&event_type={HUB}",
    f"/new/subscription/preview/?service={HUB}&event_type={HUB}",
    "/search/?q=e",
    "/search/?q=event",
    "/services/?kind=integrator",
    f"/why/?event=event0&service={HUB}",
    f"/why/?type={HUB}",
    "/subscriptions/?health=unwell&sync=in_sync",
    f"/subscriptions/?type={HUB}",
    f"/tokens/?state=all&service={HUB}&q=program",
)


def samples() -> dict[str, str]:
    """Return what stands for the parameters of addresses."""
    request = first(AccessRequest.objects.filter(service__name=HUB))
    run = first(Run.objects.filter(requested_by=None))
    operation = first(Operation.objects.all())
    quarantine = first(Quarantine.objects.all())
    letter = first(DeadLetter.objects.all())
    retries = first(RetryRun.objects.all())
    return {
        **dict.fromkeys(("name", "event_type", "service"), HUB),
        "event_id": "event0",
        "prefix": TOKEN,
        "slot": "a",
        "user": f"bus__{HUB}__a",
        "invitation.number": first(Invitation.objects.all()),
        "team": TEAM,
        "number": request,
        "pk": request,
        "audit-entry.pk": first(AuditEntry.objects.all()),
        "drift-object.pk": first(BrokerObject.objects.all()),
        "operation-remove.pk": first(BrokerObject.objects.filter(name=REMOVED)),
        "operation-replace.pk": first(BrokerObject.objects.filter(name=REPLACED)),
        **dict.fromkeys(("run.pk", "run-progress.pk"), run),
        **dict.fromkeys(
            (f"operation{verb}.pk" for verb in ("", "-progress", "-pause", "-resume", "-cancel")),
            operation,
        ),
        **dict.fromkeys(("dead-letter.number", "dead-letter.pk", "dead-letter-edit.pk"), letter),
        "dead-letter-cause.pk": first(Cause.objects.all()),
        **dict.fromkeys(
            (f"retry-run{verb}.pk" for verb in ("", "-progress", "-stop", "-resume")), retries
        ),
        **dict.fromkeys(("undo.pk", "dead-letters-restore.pk"), retries),
        **dict.fromkeys(("quarantine.pk", "quarantine-discard.pk"), quarantine),
        **dict.fromkeys(("quarantine-restore.number", "quarantine-discard.number"), quarantine),
    }


def first(rows: QuerySet[Any]) -> str:
    """Return the id of the oldest row."""
    found = rows.order_by("pk").first()
    return str(found.pk) if found else "0"


@pytest.mark.parametrize("who", ["operator", "member"])
def test_pages_of_the_console(who: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    client = Client()
    client.force_login(user)
    begin()
    none = measured(client.get, LISTS)
    grow(0, FEW, user)
    known = samples()
    few = measured(client.get, [*(address(page, known) for page in pages), *MORE_PAGES])
    grow(FEW, MANY, user)
    many = measured(client.get, few)

    require_the_same(few, many)
    require_rows(none, few)


@pytest.mark.parametrize("who", ["operator", "member", "service"])
def test_endpoints_of_the_api(who: str, request: pytest.FixtureRequest, operator: User) -> None:
    user = operator if who == "service" else request.getfixturevalue(who)
    owner: dict[str, Any] = {"service": HUB} if who == "service" else {"user": user}
    _token, text = issue(name="the reader", scopes=list(TokenScope), **owner)
    ends = [one for one in endpoints if one.name != NO_PAGE]
    lists = [one for one in ends if is_list(one) and one.name not in SHORT]

    def ask(path: str) -> Any:
        return Client().get(path, headers={"Authorization": f"Token {text}"})

    def paths(wanted: list[URLPattern]) -> list[str]:
        known, size = samples(), f"?page_size={MANY}"
        return [address(one, known, API) + (size if one in lists else "") for one in wanted]

    begin()
    none = measured(ask, paths(lists))
    grow(0, FEW, user)
    few = measured(ask, paths(ends))
    grow(FEW, MANY, user)
    many = measured(ask, few)

    require_the_same(few, many)
    if who != "service":  # which sees itself only, where others see all services
        require_rows(none, few)
        require_rows({path: few[path] for path in none}, many)


@pytest.mark.django_db
def test_the_comparison_with_the_broker(operator: User) -> None:
    broker = MockBroker(MemoryBroker())
    begin()
    grow(0, FEW, operator)
    few = queries(lambda: compare(broker))
    grow(FEW, MANY, operator)

    assert queries(lambda: compare(broker)) == few
    assert 0 < few <= MOST


def is_list(endpoint: URLPattern) -> bool:
    """Whether it answers with pages of rows, as many as one asks for."""
    view = getattr(endpoint.callback, "view_class", None)
    return issubclass(getattr(view, "parameters", object), ListParameters)
