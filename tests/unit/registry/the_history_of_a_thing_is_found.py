"""The audit trail of one object is found by the object."""

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team, TokenScope
from eventbus_admin.registry.actions import (
    allow_publication,
    create_event_type,
    create_service,
    create_subscription,
    pause_subscription,
)
from eventbus_admin.registry.history import history
from eventbus_admin.registry.tokens import create_token, revoke_token


def test_each_kind(journals: Team) -> None:
    # Given an event type and a service of the same name, and what joins them
    service = create_service(actor=SYSTEM, name="crossref", owner=journals)
    event_type = create_event_type(actor=SYSTEM, name="crossref", owner=journals)
    publication = allow_publication(actor=SYSTEM, service=service, event_type=event_type)
    subscription = create_subscription(actor=SYSTEM, service=service, event_type=event_type)
    pause_subscription(actor=SYSTEM, subscription=subscription)

    # Then each has its own story, latest first
    stories = {
        thing._meta.model_name: [entry.verb for entry in history(thing)]
        for thing in (service, event_type, publication, subscription)
    }
    assert stories == {
        "service": ["created"],
        "eventtype": ["created"],
        "publication": ["allowed"],
        "subscription": ["paused", "created"],
    }


def test_a_services_story_tells_of_its_tokens(journals: Team) -> None:
    mine, other = (
        create_service(actor=SYSTEM, name=name, owner=journals) for name in ("mine", "other")
    )
    for service in (mine, other):
        token, _ = create_token(
            actor=SYSTEM, name="a program", scopes=[TokenScope.READ], service=service
        )
        revoke_token(actor=SYSTEM, token=token)
    token, _ = create_token(actor=SYSTEM, name="new", scopes=[TokenScope.READ], service=mine)

    assert [entry.verb for entry in history(token)] == ["created"]
    assert [entry.verb for entry in history(mine)] == ["created", "revoked", "created", "created"]
