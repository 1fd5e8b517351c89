"""An integrator issues its own credentials, as soon as something of it was approved."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.models import Credential, EventType, Subscription
from tests.unit.api.conftest import Program

ME = "crossref-exporter"
PATH = f"services/{ME}/credentials/"
Caller = Callable[..., Program]


@pytest.fixture(params=["rabbitmq", "mock"])
def me(request: Any, settings: Any, make_event_type: Callable[..., EventType]) -> Program:
    """A registered integrator that asked for one subscription and one publication."""
    settings.EVENTBUS_REGISTRATION = "open"
    settings.EVENTBUS_BACKEND = request.param
    settings.EVENTBUS_AMQP_URL = "amqp://bus:hidden@inside/%2F"
    settings.EVENTBUS_PUBLIC_AMQP_URL = "amqps://rabbitmq.example.org"
    make_event_type("beginCrossrefExport")
    make_event_type("exportSuccessful")
    registered = Program().post(
        "integrators/",
        {
            "name": ME,
            "contact": "ops@example.org",
            "reason": "DOI deposits",
            "publishes": ["exportSuccessful"],
            "subscribes": ["beginCrossrefExport"],
        },
    )
    return Program(registered.json()["token"])


@pytest.fixture
def decide(operator: User, program: Caller) -> Callable[[str, str], None]:
    """Decide about what was asked for, as an operator."""

    def decided(verb: str, kind: str) -> None:
        number = AccessRequest.objects.get(kind=kind, state="requested").pk
        answer = program(operator).post(f"requests/{number}/{verb}/", {"reason": "So."})
        assert answer.status_code == 200

    return decided


@pytest.mark.parametrize("approved", ["publication", "subscription"])
def test_before_an_approval_it_is_told_to_wait_and_then_it_gets_them(
    approved: str, me: Program, decide: Callable[[str, str], None]
) -> None:
    other = {"publication": "subscription", "subscription": "publication"}[approved]
    for step in (None, lambda: decide("decline", other)):
        if step:
            step()
        refused = me.post(PATH, {})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_approved")
        assert "as soon as something is" in refused.json()["message"]
    assert not Credential.objects.exists()

    decide("approve", approved)
    issued = me.post(PATH, {})

    assert issued.status_code == 201
    assert issued.json()["login"] == f"bus__{ME}__a"
    entry = AuditEntry.objects.get(object_kind="credential")
    assert (entry.actor, entry.actor_name, entry.verb) == (None, ME, "issued")


def test_it_issues_them_anew_and_revokes_them(
    me: Program, decide: Callable[[str, str], None]
) -> None:
    decide("approve", "subscription")
    assert me.post(PATH, {"anew": "replace"}).json()["code"] == "not_issued"
    assert me.post(PATH).json()["slot"] == "a"
    assert me.post(PATH, {"anew": "beside"}).json()["slot"] == "b"
    assert me.delete(f"{PATH}a/").status_code == 204
    assert me.post(PATH, {"anew": "replace"}).json()["slot"] == "a"
    assert me.delete(PATH).status_code == 204
    assert not Credential.objects.live().exists()


def test_what_ended_was_approved_once(me: Program, decide: Callable[[str, str], None]) -> None:
    decide("approve", "subscription")
    Subscription.objects.update(state="retired")
    assert me.post(PATH, {}).status_code == 201


def test_an_operator_may_at_any_time(me: Program, operator: User, program: Caller) -> None:
    assert program(operator).post(PATH, {}).status_code == 201
    # And the integrator has to wait before it may change them, but can end them
    assert me.post(PATH, {"anew": "replace"}).json()["code"] == "not_approved"
    assert me.delete(PATH).status_code == 204


def test_a_token_for_reading_issues_none(
    me: Program, program: Caller, decide: Callable[[str, str], None]
) -> None:
    decide("approve", "subscription")
    for scope in set(TokenScope) - {TokenScope.CREDENTIALS}:
        answer = program(service=ME, scopes=(scope,)).post(PATH, {})
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_nobody_else_does_it_for_it(
    me: Program, stranger: User, program: Caller, decide: Callable[[str, str], None]
) -> None:
    decide("approve", "subscription")
    assert Program().post(PATH, {}).status_code == 401
    assert program(stranger).post(PATH, {}).status_code == 403
    assert program(service="export-manager").post(PATH, {}).status_code == 404


def test_its_token_changes_nothing_else_of_its_own(
    me: Program, decide: Callable[[str, str], None]
) -> None:
    decide("approve", "subscription")
    decide("approve", "publication")
    pair = f"beginCrossrefExport/{ME}/"
    answers = [
        me.post("subscriptions/", {"event_type": "exportSuccessful", "service": ME}),
        me.patch(f"subscriptions/{pair}", {"prefetch": 5}),
        me.post(f"subscriptions/{pair}pause/"),
        me.delete(f"subscriptions/{pair}"),
        me.post("publications/", {"event_type": "beginCrossrefExport", "service": ME}),
        me.patch(f"services/{ME}/", {"description": "x"}),
        me.post("services/", {"name": "another", "owner": ME}),
        me.post("tokens/", {"name": "more", "scopes": ["read"]}),
        me.post("invitations/", {}),
    ]
    assert [one.status_code for one in answers] == [403] * len(answers)
