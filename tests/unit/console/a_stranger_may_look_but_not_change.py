"""Whoever may not change something sees grey buttons that say why, and is refused besides."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import BrokerObject, Operation, Quarantine, Run, Sync
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from tests.unit.console.conftest import BLOCKED, RUN, UNMANAGED

WHY = "Only members of the team Journals or operators may change this."

CHANGES = (
    ("/subscriptions/exportRequested/export-manager/pause/", {}),
    ("/subscriptions/exportRequested/export-manager/retire/", {}),
    (
        "/edit/subscription/exportRequested/export-manager/",
        {"retry_attempts": "3", "retry_delays_ms": ["1000"]},
    ),
    ("/event-types/exportRequested/lifecycle/", {"to": "deprecated"}),
    ("/edit/event-type/exportRequested/", {"owner": "Strangers", "description": "changed"}),
    ("/edit/service/export-manager/", {"owner": "Strangers", "description": "changed"}),
    ("/services/export-manager/publications/", {"event_type": "exportRequested"}),
    ("/new/event-type/", {"name": "mine", "owner": "Journals", "lifecycle": "active"}),
    ("/new/service/", {"name": "mine", "owner": "Journals", "kind": "internal"}),
    (
        "/registry/import/",
        {"document": "version: 1\nservices: {export-manager: {contact: a@example.org}}\n"},
    ),
    ("/drift/apply/", {"do": "apply_all"}),
    ("/drift/adopt/", {"do": "adopt_all", "owner": "Strangers"}),
    (
        f"/drift/objects/{UNMANAGED}/remove/",
        {"messages": "discard", "typed": "consumer__exportRequested__gone"},
    ),
    (f"/drift/objects/{BLOCKED}/replace/", {}),
    (f"/operations/{RUN}/pause/", {}),
    (f"/operations/{RUN}/resume/", {}),
    (f"/operations/{RUN}/cancel/", {}),
    ("/quarantines/900904/", {"to": "consumer__exportRequested__export-manager"}),
    ("/quarantines/900904/discard/", {"typed": "consumer__a__old"}),
)


@pytest.mark.parametrize(("path", "values"), CHANGES, ids=[path for path, _ in CHANGES])
def test_nothing_changes(
    path: str,
    values: dict[str, object],
    world: Subscription,
    stranger: User,
    signed_in: Callable[[User], Client],
) -> None:
    BrokerObject.objects.create(
        kind="exchange", name="event__unknown", sync=Sync.UNMANAGED, since=timezone.now()
    )
    before = state_of_everything()
    answer = signed_in(stranger).post(path, values, follow=True)
    assert answer.status_code == 200
    assert state_of_everything() == before


def test_the_sentence_says_who_may(
    world: Subscription, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(stranger).post(
        "/subscriptions/exportRequested/export-manager/pause/", follow=True
    )
    assert (
        "Only members of the team Journals or operators may pause this subscription."
        in answer.content.decode()
    )


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions/exportRequested/export-manager/",
        "/event-types/exportRequested/",
        "/services/export-manager/",
    ],
)
def test_buttons_are_grey_and_say_why(
    path: str,
    world: Subscription,
    stranger: User,
    member: User,
    signed_in: Callable[[User], Client],
) -> None:
    for_stranger = signed_in(stranger).get(path).content.decode()
    for_member = signed_in(member).get(path).content.decode()
    assert f'disabled title="{WHY}"' in for_stranger
    assert for_stranger.count(WHY) > for_stranger.count(f'title="{WHY}"'), "only on hover"
    assert WHY not in for_member


def test_only_operators_apply_the_plan(
    world: Subscription,
    member: User,
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    assert "Only operators may apply the plan." in signed_in(member).get("/drift/").content.decode()
    answer = signed_in(operator).post("/drift/apply/", {"do": "apply_all"})
    run = Run.objects.get(state=Run.State.QUEUED)
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert run.requested_by == operator


def test_operators_choose_what_is_applied(
    world: Subscription, operator: User, signed_in: Callable[[User], Client]
) -> None:
    step = "queue consumer__exportRequested__export-manager"
    signed_in(operator).post("/drift/apply/", {"do": "apply", "step": [step]})
    assert Run.objects.get(state=Run.State.QUEUED).names == [step]


def test_choosing_nothing_applies_nothing(
    world: Subscription, operator: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(operator).post("/drift/apply/", {"do": "apply"}, follow=True)
    assert "Nothing was chosen." in answer.content.decode()
    assert not Run.objects.filter(state=Run.State.QUEUED).exists()


def test_a_member_changes_what_the_team_owns(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    client.post("/subscriptions/exportRequested/export-manager/pause/")
    world.refresh_from_db()
    assert world.state == "paused"
    client.post("/subscriptions/exportRequested/export-manager/resume/")
    world.refresh_from_db()
    assert world.state == "active"


def state_of_everything() -> list[object]:
    """Return what a change would change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (EventType, Service, Publication, Subscription, Run, Operation, Quarantine)
    ]
