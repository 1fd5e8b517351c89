"""Drift on its page: what may be done about it, what it means, and doing it, by row or in bulk."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import Team, User
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run, Sync
from eventbus_admin.registry.models import EventType, Service, Subscription

QUEUE = "consumer__exportRequested__export-manager"
LOST = "consumer__beginMecaExport__meca-exporter"
STEP = f"queue {QUEUE}"


def there(kind: str, name: str, **fields: object) -> BrokerObject:
    values = {"sync": Sync.UNMANAGED, "since": timezone.now(), **fields}
    return BrokerObject.objects.create(kind=kind, name=name, **values)


@pytest.fixture
def stranger_service(world: Subscription) -> None:
    """A service on the broker that nobody registered."""
    found = {
        "type": "classic",
        "durable": True,
        "exclusive": False,
        "auto_delete": False,
        "arguments": {},
        "messages": 1204,
        "consumers": 0,
    }
    there(
        "queue",
        LOST,
        found=found,
        service_name="meca-exporter",
        event_type_name="beginMecaExport",
        message="meca-exporter has no live subscription to beginMecaExport.",
        impact="1,204 events wait in it, nobody reads them.",
    )
    there("exchange", "service__meca-exporter", service_name="meca-exporter", found={})


@pytest.fixture
def client(operator: User, signed_in: Callable[[User], Client]) -> Client:
    """An operator's browser."""
    return signed_in(operator)


def shown(client: Client, path: str, **sent: object) -> str:
    answer = client.post(path, sent, follow=True) if sent else client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_row_says_what_it_means_and_offers_what_its_state_allows(
    stranger_service: None, client: Client
) -> None:
    page = shown(client, "/drift/")
    assert f'name="apply_one" value="{STEP}"' in page
    assert f'name="adopt_one" value="{STEP}"' not in page
    assert f'name="adopt_one" value="queue {LOST}"' in page
    assert f'name="apply_one" value="queue {LOST}"' not in page
    assert "1,204 events wait in it, nobody reads them." in page


def test_a_viewer_sees_the_same_without_buttons(
    stranger_service: None, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    page = shown(signed_in(viewer), "/drift/")
    assert "1,204 events wait in it" in page
    assert 'name="apply_one"' not in page
    assert 'name="step"' not in page


def test_states_are_a_bar_that_filters(stranger_service: None, client: Client) -> None:
    page = shown(client, "/drift/")
    assert '<a href="?sync=unmanaged" aria-label="Unmanaged: 3">' in page
    assert '<a href="?sync=missing" aria-label="Missing: 1">' in page


@pytest.mark.parametrize(
    ("query", "shows", "hides"),
    [
        ("service=meca-exporter", LOST, QUEUE),
        ("kind=exchange", "service__meca-exporter", LOST),
        ("sync=missing", QUEUE, LOST),
        ("q=beginMeca", LOST, QUEUE),
    ],
)
def test_filters(
    query: str, shows: str, hides: str, stranger_service: None, client: Client
) -> None:
    page = shown(client, f"/drift/?{query}").partition('id="list"')[2]
    assert f'">{shows}</a>' in page
    assert f'">{hides}</a>' not in page


def test_a_review_says_what_is_done_and_what_it_means(world: Subscription, client: Client) -> None:
    impact = "exportRequested runs at about 40 a minute; from now on export-manager gets it."
    BrokerObject.objects.filter(name=QUEUE).update(impact=impact)
    page = shown(client, "/drift/review/", apply_one=STEP)
    assert "Apply 1 step?" in page
    assert impact in page
    assert "<html" in page
    fragment = client.post(
        "/drift/review/", {"do": "apply_all"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in fragment
    assert 'name="do" value="apply_all"' in fragment


def test_chosen_steps_are_applied(world: Subscription, client: Client) -> None:
    there("exchange", "event__other", sync=Sync.MISSING)
    client.post("/drift/apply/", {"do": "apply", "step": [STEP]})
    run = Run.objects.get(state="queued")
    assert [one["id"] for one in run.steps] == [STEP]


def test_all_that_the_filters_show_is_applied(world: Subscription, client: Client) -> None:
    there("exchange", "event__other", sync=Sync.MISSING)
    client.post("/drift/apply/", {"do": "apply_all", "kind": "exchange"})
    run = Run.objects.get(state="queued")
    assert [one["id"] for one in run.steps] == ["exchange event__other"]


def test_what_changed_between_review_and_yes_is_refused(
    world: Subscription, client: Client
) -> None:
    fragment = shown(client, "/drift/review/", apply_one=STEP)
    seen = fragment.partition('name="seen" value="')[2].partition('"')[0]
    BrokerObject.objects.filter(name=QUEUE).update(should={"type": "classic"})
    page = shown(client, "/drift/apply/", do="apply", step=[STEP], seen=seen)
    assert "What you chose has changed since you read it." in page
    assert not Run.objects.filter(state="queued").exists()


@pytest.mark.parametrize("path", ["/drift/review/", "/drift/adopt/", "/drift/apply/"])
def test_choosing_nothing_does_nothing(path: str, world: Subscription, client: Client) -> None:
    verb = "adopt" if "adopt" in path else "apply"
    assert "Nothing was chosen." in shown(client, path, do=verb)
    answer = client.post(path, {"do": verb}, headers={"HX-Request": "true"})
    assert answer.headers.get("HX-Redirect", "/drift/") == "/drift/"
    assert not Run.objects.filter(state="queued").exists()


def test_a_service_is_adopted_with_the_team_that_was_chosen(
    stranger_service: None, client: Client, make_team: Callable[[str], Team]
) -> None:
    make_team("Exporters")
    page = shown(client, "/drift/")
    assert "Services that nobody registered" in page
    assert "1 service, 1 event type, 1 subscription" in page
    review = shown(client, "/drift/review/", adopt_service="meca-exporter")
    assert "Adopt 1 service, 1 event type, 1 subscription?" in review
    assert "<option>Exporters</option>" in review
    page = shown(
        client,
        "/drift/adopt/",
        do="adopt_all",
        sync="unmanaged",
        service="meca-exporter",
        owner="Exporters",
    )
    assert "Adopted: 1 service, 1 event type, 1 subscription." in page
    assert Service.objects.get(name="meca-exporter").owner.name == "Exporters"
    assert Subscription.objects.get(service__name="meca-exporter").kind == "classic"
    assert EventType.objects.filter(name="beginMecaExport").exists()


def test_adopting_without_a_team_says_what_is_missing(
    stranger_service: None, client: Client
) -> None:
    page = shown(client, "/drift/adopt/", do="adopt", step=[f"queue {LOST}"])
    assert "Choose the team that shall own what is new." in page
    assert not Service.objects.filter(name="meca-exporter").exists()


@pytest.mark.parametrize("apply", ["observe", "create", "sync"])
def test_the_page_says_which_policy_holds(
    apply: str, world: Subscription, client: Client, settings: object
) -> None:
    settings.EVENTBUS_APPLY = apply  # type: ignore[attr-defined]
    BrokerObject.objects.filter(name=QUEUE).update(sync=Sync.DIFFERS, found={"type": "classic"})
    page = shown(client, "/drift/")
    assert (f"EVENTBUS_APPLY is {apply}" in page) is (apply != "sync")
    assert ('name="apply_one"' in page) is (apply != "create")
    assert ("Apply all" in page) is (apply != "create")


def test_the_difference_is_shown_side_by_side(world: Subscription, client: Client) -> None:
    pk = BrokerObject.objects.get(name=QUEUE).pk
    page = shown(client, f"/drift/objects/{pk}/")
    assert "<th>Should be</th><th>Is</th>" in page
    assert f'name="apply_one" value="{STEP}"' in page


# -- runs ----------------------------------------------------------------------------------------


def test_runs_are_listed_with_who_and_when(
    world: Subscription, client: Client, operator: User
) -> None:
    Run.objects.create(reason="Asked for by otto", requested_by=operator, state="done")
    Run.objects.create(reason="Registry revision 7", state="failed", refused=True)
    page = shown(client, "/runs/")
    assert "Registry revision 7" in page
    assert "otto" in page
    assert "Refused" in page
    assert "Registry revision 7" not in shown(client, "/runs/?asked=person")
    assert "Asked for by otto" not in shown(client, "/runs/?asked=system")
    assert "Registry revision 7" not in shown(client, "/runs/?state=done")
    assert "Asked for by otto" in shown(client, "/runs/?who=otto")


def test_runs_are_turned_page_by_page(world: Subscription, client: Client) -> None:
    for number in range(60):
        Run.objects.create(reason=f"Registry revision {number}", state="done")
    first = client.get("/runs/")
    assert "Registry revision 59" in first.content.decode()
    following = first.context["page"].following
    second = shown(client, f"/runs/{following}")
    assert "Registry revision 5<" in second
    assert "Registry revision 59" not in second
    assert "Registry revision 59" in shown(client, "/runs/?after=nonsense")


def test_a_refused_run_says_what_changed(world: Subscription, client: Client) -> None:
    run = Run.objects.create(
        state="failed",
        refused=True,
        error=f"Nothing was touched. {QUEUE} has changed: it was missing, and somebody made it.",
        steps=[
            {"kind": "create", "object": "queue", "name": QUEUE, "result": "skipped", "error": ""}
        ],
    )
    page = shown(client, f"/runs/{run.pk}/")
    assert "Refused: something has changed" in page
    assert "somebody made it" in page
    assert "Not tried" in page
    assert "hx-get" not in page.partition('id="progress"')[2].partition(">")[0]


def test_thousands_of_steps_stay_readable(world: Subscription, client: Client) -> None:
    step = {"kind": "create", "object": "queue", "result": "done", "error": "", "impact": ""}
    steps = [{**step, "name": f"queue-{number}"} for number in range(1000)]
    steps[700] |= {"result": "failed", "error": "No."}
    run = Run.objects.create(state="failed", steps=steps)
    page = shown(client, f"/runs/{run.pk}/")
    assert "queue-700" in page, "what failed comes first"
    assert "And 800 more steps" in page
    assert "999 of 1,000 done, 1 failed" in page


def test_nothing_was_compared_yet(
    answering_broker: ReconcileState, operator: User, signed_in: Callable[[User], Client]
) -> None:
    page = shown(signed_in(operator), "/drift/")
    assert "Not compared yet" in page
