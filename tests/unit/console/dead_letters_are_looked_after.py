"""The pages of dead letters: what they say, and what happens when a button is pressed."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.registry.models import Service, Subscription
from tests.harness.dead_letters import RUN, write_dead_letters

WHY = "Only members of the team Journals or operators may"
TYPE, SERVICE = "exportRequested", "export-manager"
CHOSEN = {"chosen": "1", "id": ["1"]}


@pytest.fixture
def service(world: Subscription) -> Service:
    """Of `world`, which has one dead letter."""
    return world.service


def states() -> list[str]:
    return list(DeadLetter.objects.order_by("pk").values_list("state", flat=True))


def test_causes_are_shown_with_what_waits_of_each(
    service: Service, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    write_dead_letters(service, TYPE, number=1234, error="KeyError: 'journal'")
    page = signed_in(viewer).get("/dead-letters/").content.decode()
    assert "KeyError: &#x27;journal&#x27;" in page
    assert ">1,234<" in page
    assert "HTTPError: 503" in page
    assert "Failed as often as its subscription allows" in page
    assert "1,235<span" in page, "the badge of the rail"
    assert f"{WHY} retry or discard these." in page, "a grey button says why"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?service=export-manager", 2),
        ("?service=other", 0),
        ("?type=exportRequested", 2),
        ("?q=journal", 1),
        ("?q=exportRequested_1", 1),
        ("?since=1", 2),
        ("?since=nonsense&after=nonsense", 2),
    ],
)
def test_filters_live_in_the_address(
    query: str, shown: int, service: Service, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    write_dead_letters(service, TYPE, error="KeyError: 'journal'")
    page = signed_in(viewer).get(f"/dead-letters/{query}").content.decode()
    assert page.count("/dead-letters/causes/") == shown


def test_what_an_error_says_never_becomes_markup(
    service: Service, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    evil = "<script>alert(1)</script>"
    (letter,) = write_dead_letters(
        service, TYPE, error=evil, worker=evil, body=evil.encode(), decodable=False
    )
    client = signed_in(viewer)
    for path in (f"/dead-letters/{letter.pk}/", f"/dead-letters/{letter.pk}/edit/"):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_large_one_is_shown_in_part_and_not_edited(
    service: Service, member: User, signed_in: Callable[[User], Client]
) -> None:
    body = b"\xff" + b"x" * 300_000
    (letter,) = write_dead_letters(service, TYPE, body=body, size=len(body), decodable=False)
    client = signed_in(member)
    answer = client.get(f"/dead-letters/{letter.pk}/")
    assert len(answer.content) < 200_000
    assert "Only the first 64 KiB are shown" in answer.content.decode()
    assert "\\xffxxx" in answer.content.decode()
    form = client.get(f"/dead-letters/{letter.pk}/edit/").content.decode()
    assert "Too large to be edited" in form


ACTS = (
    ("/dead-letters/retry/", CHOSEN, "prepared"),
    ("/dead-letters/retry/", {"service": SERVICE, "careful": "1"}, "prepared"),
    ("/dead-letters/discard/", {"cause": "1", "service": "\0export-manager"}, "discarded"),
    ("/dead-letters/1/edit/", {"text": '{"journal": "other"}'}, "edited"),
)


@pytest.mark.parametrize(("path", "values", "becomes"), ACTS)
def test_who_may_act(
    path: str,
    values: dict[str, object],
    becomes: str,
    service: Service,
    stranger: User,
    viewer: User,
    member: User,
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    for person in (stranger, viewer):
        answer = signed_in(person).post(path, values, follow=True)
        assert WHY in answer.content.decode()
        assert states() == [State.WAITING]
    for person in (member, operator):
        assert signed_in(person).post(path, values).status_code == 302
        assert states()[0] == becomes
        DeadLetter.objects.filter(pk=1).update(state=State.WAITING)
        DeadLetter.objects.exclude(pk=1).delete()


def test_a_discard_is_undone_from_its_toast(
    service: Service, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    page = client.post("/dead-letters/discard/", CHOSEN, follow=True).content.decode()
    assert "1 dead letter discarded." in page
    discard = DeadLetter.objects.get().discard
    assert f'action="/dead-letters/restore/{discard}/"' in page
    assert (
        f'action="/dead-letters/restore/{discard}/"'
        in client.get("/dead-letters/1/").content.decode()
    ), "and later from its own page"
    client.post(f"/dead-letters/restore/{discard}/")
    assert states() == [State.WAITING]


def test_nothing_ticked_does_nothing(
    service: Service, member: User, signed_in: Callable[[User], Client]
) -> None:
    for path in ("/dead-letters/retry/", "/dead-letters/discard/"):
        page = signed_in(member).post(path, {"chosen": "1"}, follow=True).content.decode()
        assert "Nothing was chosen." in page
    assert states() == [State.WAITING]


def test_one_is_sent_back_to_our_own_pages_only(
    service: Service, member: User, signed_in: Callable[[User], Client]
) -> None:
    values = {**CHOSEN, "back": "https://evil.example.org/"}
    answer = signed_in(member).post("/dead-letters/discard/", values)
    assert answer["Location"] == "/dead-letters/"


def test_a_run_is_stopped_and_goes_on(
    service: Service, stranger: User, member: User, signed_in: Callable[[User], Client]
) -> None:
    DeadLetter.objects.update(run=RUN, state=State.RETRYING)
    client = signed_in(member)
    assert "0 of 1 sent" in client.get(f"/dead-letters/runs/{RUN}/").content.decode()
    assert WHY in (
        signed_in(stranger).post(f"/dead-letters/runs/{RUN}/stop/", follow=True).content.decode()
    )
    assert not RetryRun.objects.get().stop
    page = client.post(f"/dead-letters/runs/{RUN}/stop/", follow=True).content.decode()
    assert "Stopping" in page
    assert RetryRun.objects.get().stop
    RetryRun.objects.update(state="stopped", note="A person stopped it. 1 was not sent.")
    DeadLetter.objects.update(state=State.WAITING)
    assert "Go on" in client.get(f"/dead-letters/runs/{RUN}/progress/").content.decode()
    page = client.post(f"/dead-letters/runs/{RUN}/resume/", follow=True).content.decode()
    assert "It goes on with 1." in page
    assert states() == [State.RETRYING]


def test_while_they_are_left_in_the_queue_the_page_says_so(
    service: Service, viewer: User, signed_in: Callable[[User], Client], settings: object
) -> None:
    settings.EVENTBUS_INGEST_DEAD_LETTERS = False  # type: ignore[attr-defined]
    page = signed_in(viewer).get("/dead-letters/").content.decode()
    assert "EVENTBUS_INGEST_DEAD_LETTERS is 0" in page
