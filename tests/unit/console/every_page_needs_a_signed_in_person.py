"""Whoever is not signed in is sent to the login page, and nowhere else."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern

from eventbus_admin.accounts.models import User
from eventbus_admin.console.urls import urlpatterns
from eventbus_admin.registry.models import Subscription
from tests.harness.addresses import address

RUN = UUID(int=1)
OPEN = {"login", "logout", "icon"}
SAMPLES = {
    "name": "exportRequested",
    "event_type": "exportRequested",
    "service": "export-manager",
    "event_id": "exportRequested_1",
    "pk": "1",
    "prefix": "k3v9x0q2ab",
    **dict.fromkeys(("run.pk", "run-progress.pk"), str(RUN)),
    **dict.fromkeys(
        (f"operation{verb}.pk" for verb in ("", "-progress", "-pause", "-resume", "-cancel")),
        str(RUN),
    ),
    **dict.fromkeys(
        (f"retry-run{verb}.pk" for verb in ("", "-progress", "-stop", "-resume")), str(RUN)
    ),
    **dict.fromkeys(("dead-letters-restore.pk",), str(RUN)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.name))
def test_a_stranger_is_sent_to_the_login_page_and_back(pattern: URLPattern) -> None:
    if pattern.name in OPEN:
        return
    client, path = Client(), address(pattern, SAMPLES)
    answer = client.get(path)
    if answer.status_code == 405:
        answer = client.post(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/")


@pytest.mark.django_db
def test_a_fragment_is_never_filled_with_the_login_page() -> None:
    answer = Client().get(
        "/overview/live/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/drift/?sync=missing"},
    )
    assert answer["HX-Redirect"] == "/login/?next=/drift/"
    assert not answer.content


def test_each_page_opens_for_who_may_only_look(
    console_page: str, world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(member).get(console_page).status_code == 200


@pytest.mark.django_db
def test_the_login_page_is_open_and_signs_in() -> None:
    User.objects.create_user("nora", password="a-long-secret-7")
    client = Client()
    assert b"Sign in to the event bus" in client.get("/login/").content
    answer = client.post(
        "/login/", {"username": "nora", "password": "a-long-secret-7", "next": "/drift/"}
    )
    assert answer["Location"] == "/drift/"


def test_signing_out_asks_for_a_post(viewer: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(viewer)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302
