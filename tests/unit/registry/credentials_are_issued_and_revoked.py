"""A service gets a secret once; what is kept of it is RabbitMQ's hash."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core import serializers
from django.forms.models import model_to_dict

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    issue_credential,
    reissue_credential,
    revoke_credentials,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.history import history
from eventbus_admin.registry.models import Credential, Service
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.revision import current_revision


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("meca-exporter")


def live() -> dict[str, str]:
    return {one.slot: one.password_hash for one in Credential.objects.live()}


def test_the_hash_is_rabbitmqs() -> None:
    # From RabbitMQ's documentation: password "test12", salt 908D C60A.
    salt = bytes.fromhex("908DC60A")
    assert rabbitmq_hash("test12", salt) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    assert rabbitmq_hash("x") != rabbitmq_hash("x")


def test_the_secret_is_told_once_and_only_its_hash_is_kept(service: Service) -> None:
    issued = issue_credential(actor=SYSTEM, service="meca-exporter")
    stored = Credential.objects.get()
    raw = base64.b64decode(stored.password_hash)
    assert hashlib.sha256(raw[:4] + issued.secret.encode()).digest() == raw[4:]
    assert len(issued.secret) >= 43
    assert stored.user == "bus__meca-exporter__a"
    for text in (repr(issued), serializers.serialize("json", [stored]), str(model_to_dict(stored))):
        assert issued.secret not in text


def test_no_two_secrets_are_the_same(service: Service) -> None:
    first = issue_credential(actor=SYSTEM, service=service).secret
    assert reissue_credential(actor=SYSTEM, service=service).secret != first


def test_issuing_twice_is_refused(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    before = live()
    with pytest.raises(ActionError) as refused:
        issue_credential(actor=SYSTEM, service=service)
    assert refused.value.code == "already_issued"
    assert live() == before


def test_issuing_anew_ends_the_old_one(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    issued = reissue_credential(actor=SYSTEM, service=service)
    assert live() == {"b": issued.credential.password_hash}
    old = Credential.objects.get(slot="a")
    assert (old.password_hash, old.revoked is None) == ("", False)
    again = reissue_credential(actor=SYSTEM, service=service)
    assert live() == {"a": again.credential.password_hash}


def test_the_old_one_may_go_on_until_it_is_revoked(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reissue_credential(actor=SYSTEM, service=service, keep_old=True)
    assert live().keys() == {"a", "b"}
    with pytest.raises(ActionError) as refused:
        reissue_credential(actor=SYSTEM, service=service)
    assert refused.value.code == "two_issued"
    assert [one.slot for one in revoke_credentials(actor=SYSTEM, service=service, slot="a")] == [
        "a"
    ]
    assert live().keys() == {"b"}


def test_revoking_ends_all(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    reissue_credential(actor=SYSTEM, service=service, keep_old=True)
    revoke_credentials(actor=SYSTEM, service=service)
    assert live() == {}
    assert {one.password_hash for one in Credential.objects.all()} == {""}


@pytest.mark.parametrize("act", [reissue_credential, revoke_credentials])
def test_what_was_not_issued_cannot_be_changed(act: Any, service: Service) -> None:
    with pytest.raises(ActionError) as refused:
        act(actor=SYSTEM, service=service)
    assert refused.value.code == "not_issued"


def test_a_revoked_service_may_get_new_ones(service: Service) -> None:
    issue_credential(actor=SYSTEM, service=service)
    revoke_credentials(actor=SYSTEM, service=service)
    issue_credential(actor=SYSTEM, service=service)
    assert live().keys() == {"a"}


def test_each_deed_is_audited_and_raises_the_revision(service: Service) -> None:
    before = current_revision()
    secrets = [
        issue_credential(actor=SYSTEM, service=service).secret,
        reissue_credential(actor=SYSTEM, service=service, keep_old=True).secret,
    ]
    revoke_credentials(actor=SYSTEM, service=service, slot="a")
    assert current_revision() == before + 3
    entries = AuditEntry.objects.order_by("id")
    assert [(one.verb, one.object_kind, one.object_name) for one in entries] == [
        ("issued", "credential", "bus__meca-exporter__a"),
        ("issued anew", "credential", "bus__meca-exporter__b"),
        ("revoked", "credential", "bus__meca-exporter__a"),
    ]
    assert list(history(service)) == list(entries.order_by("-at", "-id"))
    trail = json.dumps([[one.before, one.after] for one in entries])
    for kept in (*secrets, *live().values()):
        assert kept not in trail


def test_owners_and_operators_may(service: Service, member: User, operator: User) -> None:
    issue_credential(actor=Actor.person(member), service=service)
    revoke_credentials(actor=Actor.person(operator), service=service)


@pytest.mark.parametrize("act", [issue_credential, reissue_credential, revoke_credentials])
def test_strangers_may_not(act: Any, service: Service, stranger: User, viewer: User) -> None:
    for person in (stranger, viewer):
        with pytest.raises(NotAllowed, match="Only members of the team Journals or operators"):
            act(actor=Actor.person(person), service=service)
    assert not Credential.objects.exists()


@pytest.mark.django_db
def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(ActionError) as refused:
        issue_credential(actor=SYSTEM, service="nobody")
    assert refused.value.code == "unknown_service"
