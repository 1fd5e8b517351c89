"""People, teams and things of the registry, for tests that need a database."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Role, Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import issue_credential, rotate_credential
from eventbus_admin.registry.models import EventType, Service, Subscription


@pytest.fixture
def make_team(db: None) -> Callable[[str], Team]:
    """Return the team of this name, made on the first call."""
    return lambda name: Team.objects.get_or_create(name=name)[0]


@pytest.fixture
def make_user(make_team: Callable[[str], Team]) -> Callable[..., User]:
    """Make a person, `team=` puts them into a team. Nobody can sign in with a password."""

    def make(username: str, *, team: str | None = None, **fields: Any) -> User:
        user = User.objects.create(username=username, password="!", **fields)
        if team:
            make_team(team).members.add(user)
        return user

    return make


@pytest.fixture
def journals(make_team: Callable[[str], Team]) -> Team:
    """The team that owns what the factories make."""
    return make_team("Journals")


@pytest.fixture
def member(make_user: Callable[..., User]) -> User:
    """A viewer who is a member of the team Journals."""
    return make_user("mia", team="Journals")


@pytest.fixture
def stranger(make_user: Callable[..., User]) -> User:
    """A viewer who is a member of another team."""
    return make_user("sam", team="Strangers")


@pytest.fixture
def viewer(make_user: Callable[..., User]) -> User:
    """A person who may only look."""
    return make_user("vera")


@pytest.fixture
def operator(make_user: Callable[..., User]) -> User:
    """A person who may change everything."""
    return make_user("otto", role=Role.OPERATOR)


@pytest.fixture
def administrator(make_user: Callable[..., User]) -> User:
    """The installation's admin."""
    return make_user("ada", role=Role.ADMIN, is_superuser=True, is_staff=True)


@pytest.fixture
def make_event_type(make_team: Callable[[str], Team]) -> Callable[..., EventType]:
    """Make an event type of the team Journals, or of `team=`, past all actions."""

    def make(name: str, *, team: str = "Journals", **fields: Any) -> EventType:
        return EventType.objects.create(name=name, owner=make_team(team), **fields)

    return make


@pytest.fixture
def make_service(make_team: Callable[[str], Team]) -> Callable[..., Service]:
    """Make a service of the team Journals, or of `team=`, past all actions."""

    def make(name: str, *, team: str = "Journals", **fields: Any) -> Service:
        return Service.objects.create(name=name, owner=make_team(team), **fields)

    return make


@pytest.fixture
def make_rotation(make_service: Callable[..., Service]) -> Callable[[str], Service]:
    """Make a service of the team Journals whose credentials are being rotated."""

    def make(name: str) -> Service:
        service = make_service(name)
        issue_credential(actor=SYSTEM, service=service)
        rotate_credential(actor=SYSTEM, service=service)
        AuditEntry.objects.all().delete()
        return service

    return make


@pytest.fixture
def make_subscription(
    make_team: Callable[[str], Team],
) -> Callable[..., Subscription]:
    """Make a subscription and, where they are missing, its two ends, past all actions."""

    def make(event_type: str, service: str, **fields: Any) -> Subscription:
        owner = make_team("Journals")
        return Subscription.objects.create(
            event_type=EventType.objects.get_or_create(name=event_type, defaults={"owner": owner})[
                0
            ],
            service=Service.objects.get_or_create(name=service, defaults={"owner": owner})[0],
            **fields,
        )

    return make
