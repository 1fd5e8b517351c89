"""A person makes tokens for programs, sees each secret once, and takes them back."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import Service

SignIn = Callable[[User], Client]
NEW = {"name": "Deployment", "scopes": ["read", "write"], "expires": "30"}


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A service of the team Journals."""
    return make_service("export-manager")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def made(client: Client, **values: object) -> str:
    """Make a token and return its text, read from the page."""
    answer = client.post("/new/token/", {**NEW, **values})
    assert answer.status_code == 200
    token = ApiToken.objects.order_by("-id").first()
    assert token is not None, answer.content.decode()
    found = re.search(rf"{token.prefix}\.[\w-]+", answer.content.decode())
    assert found is not None, "the page shows no token"
    return found.group()


def calls(text: str) -> int:
    """Return what the API answers to this token."""
    path = "/api/v1/subscriptions/"
    return Client().get(path, headers={"Authorization": f"Token {text}"}).status_code


def test_the_one_that_is_made_works_as_chosen(member: User, signed_in: SignIn) -> None:
    text = made(signed_in(member))
    assert calls(text) == 200
    token = ApiToken.objects.get()
    assert (token.user, token.service, token.name) == (member, "", "Deployment")
    assert token.scopes == ["read", "write"]
    assert token.expires is not None
    assert abs(token.expires - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert AuditEntry.objects.get(object_kind="token").object_name == token.prefix


def test_it_may_live_until_it_is_revoked(member: User, signed_in: SignIn) -> None:
    made(signed_in(member), expires="never")
    assert ApiToken.objects.get().expires is None


def test_its_secret_is_shown_once_and_kept_nowhere(operator: User, signed_in: SignIn) -> None:
    client = signed_in(operator)
    answer = client.post("/new/token/", NEW)
    assert "no-store" in answer["Cache-Control"]
    assert "It is not shown again." in answer.content.decode()
    token = ApiToken.objects.get()
    found = re.search(rf"{token.prefix}\.([\w-]+)", answer.content.decode())
    assert found is not None
    secret = found.group(1)
    pages = ("/tokens/", f"/tokens/{token.prefix}/", "/audit/", "/", "/admin/accounts/apitoken/")
    assert not any(secret in client.get(path, follow=True).content.decode() for path in pages)
    assert secret not in str(list(ApiToken.objects.values()) + list(AuditEntry.objects.values()))


def test_a_member_makes_one_for_a_service_of_the_team(
    service: Service, member: User, signed_in: SignIn
) -> None:
    client = signed_in(member)
    assert 'value="export-manager"' in page(client, "/new/token/?service=export-manager")
    made(client, service="export-manager", scopes=["read"])
    assert ApiToken.objects.get().owner == "export-manager"
    assert "export-manager" in page(client, "/tokens/")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({"name": ""}, "This field is required."),
        ({"expires": "36500"}, "Select a valid choice."),
        ({"service": "nobody"}, "There is no service nobody."),
        (
            {"service": "export-manager"},
            "Only members of the team Journals or operators may make tokens of this service.",
        ),
    ],
)
def test_a_refusal_is_said_and_nothing_made(
    values: dict[str, object], sentence: str, service: Service, stranger: User, signed_in: SignIn
) -> None:
    answer = signed_in(stranger).post("/new/token/", {**NEW, **values})
    assert sentence in html.unescape(answer.content.decode())
    assert not ApiToken.objects.exists()


def test_each_sees_their_own_and_operators_see_all(
    service: Service, member: User, stranger: User, operator: User, signed_in: SignIn
) -> None:
    for name, owner in (
        ("of mia", {"user": member}),
        ("of sam", {"user": stranger}),
        ("of the service", {"service": service.name}),
    ):
        issue(name=name, scopes=[TokenScope.READ], **owner)  # type: ignore[arg-type]

    def seen(user: User) -> set[str]:
        shown = page(signed_in(user), "/tokens/")
        return {name for name in ("of mia", "of sam", "of the service") if name in shown}

    assert seen(member) == {"of mia", "of the service"}
    assert seen(stranger) == {"of sam"}
    assert seen(operator) == {"of mia", "of sam", "of the service"}


def test_what_is_over_is_listed_apart(member: User, signed_in: SignIn) -> None:
    issue(name="living", scopes=[TokenScope.READ], user=member)
    hour = timedelta(hours=1)
    issue(name="ended", scopes=[TokenScope.READ], user=member, expires=timezone.now() - hour)
    taken, _ = issue(name="taken back", scopes=[TokenScope.READ], user=member)
    ApiToken.objects.filter(pk=taken.pk).update(revoked=timezone.now())
    client = signed_in(member)

    def shown(query: str) -> set[str]:
        found = page(client, f"/tokens/{query}")
        return {name for name in ("living", "ended", "taken back") if name in found}

    assert shown("") == {"living"}
    assert shown("?state=expired") == {"ended"}
    assert shown("?state=revoked") == {"taken back"}
    assert shown("?state=all") == {"living", "ended", "taken back"}
    assert shown("?state=all&q=end") == {"ended"}


def test_revoking_says_what_stops_working_and_stops_it(member: User, signed_in: SignIn) -> None:
    client = signed_in(member)
    text = made(client)
    prefix = text.split(".")[0]
    shown = page(client, f"/tokens/{prefix}/")
    assert "Every program that signs in with" in shown
    assert "Change the registry" in shown
    assert "Nothing has used it yet." in shown

    answer = client.post(f"/tokens/{prefix}/revoke/", follow=True)
    assert "is refused from now on" in answer.content.decode()
    assert calls(text) == 401
    assert "Revoke this token?" not in page(client, f"/tokens/{prefix}/")


def test_an_operator_revokes_anybodys_and_a_stranger_knows_of_none(
    member: User, stranger: User, operator: User, signed_in: SignIn
) -> None:
    text = made(signed_in(member))
    prefix = text.split(".")[0]
    assert signed_in(stranger).get(f"/tokens/{prefix}/").status_code == 404
    assert signed_in(stranger).post(f"/tokens/{prefix}/revoke/").status_code == 404
    assert calls(text) == 200
    signed_in(operator).post(f"/tokens/{prefix}/revoke/")
    assert calls(text) == 401
    assert AuditEntry.objects.get(verb="revoked").actor == operator


def test_the_user_menu_leads_there_and_an_empty_page_teaches(
    viewer: User, signed_in: SignIn
) -> None:
    client = signed_in(viewer)
    assert 'href="/tokens/"' in page(client, "/")
    assert "No tokens yet" in page(client, "/tokens/")
    assert "No token matches" in page(client, "/tokens/?q=x")
