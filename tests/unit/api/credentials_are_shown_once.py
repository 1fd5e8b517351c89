"""A service's credentials over REST: the secret is in the answer that issued them, only there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers

from eventbus_admin.accounts.models import User
from eventbus_admin.registry.models import Credential, Service
from tests.unit.api.conftest import Program

PATH = "services/meca-exporter/credentials/"
Caller = Callable[..., Program]


@pytest.fixture(autouse=True)
def _service(make_service: Callable[..., Service], settings: Any) -> None:
    make_service("meca-exporter")
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = "amqp://bus:hidden@inside/events"
    settings.EVENTBUS_PUBLIC_AMQP_URL = "amqps://rabbitmq.example.org/events"


def test_the_secret_is_in_one_answer(member: User, program: Caller) -> None:
    bus = program(member)
    answer = bus.post(PATH, {}, Idempotency_Key="k1")
    issued = answer.json()

    assert answer.status_code == 201
    assert issued["login"] == "bus__meca-exporter__a@events"
    assert issued["url"] == (
        f"amqps://bus__meca-exporter__a%40events:{issued['secret']}@rabbitmq.example.org/events"
    )
    again = bus.post(PATH, {}, Idempotency_Key="k1").json()
    assert (again["login"], again["secret"], again["url"]) == (issued["login"], None, None)
    assert issued["secret"] not in bus.get(PATH).content.decode()
    stored = [
        serializers.serialize("json", model._default_manager.all()) for model in apps.get_models()
    ]
    assert not [rows for rows in stored if issued["secret"] in rows]


def test_a_second_one_stands_beside_the_first_until_that_is_revoked(
    member: User, program: Caller
) -> None:
    bus = program(member)
    assert bus.post(PATH, {"anew": "beside"}).status_code == 409
    assert bus.post(PATH, {}).status_code == 201
    assert bus.post(PATH, {}).json()["code"] == "already_issued"
    assert bus.post(PATH, {"anew": "beside"}).json()["slot"] == "b"
    assert bus.delete(f"{PATH}a/").status_code == 204

    listed = bus.get(PATH).json()["results"]
    assert [(one["slot"], one["revoked"] is None) for one in listed] == [("a", False), ("b", True)]


def test_revoked_are_all_of_them(member: User, program: Caller) -> None:
    bus = program(member)
    bus.post(PATH, {})
    bus.post(PATH, {"anew": "beside"})
    assert bus.delete(PATH).status_code == 204
    assert not Credential.objects.live().exists()
    assert bus.delete(PATH).json()["code"] == "not_issued"


def test_a_service_looks_after_its_own_and_no_others(program: Caller, member: User) -> None:
    program(member).post(PATH, {})
    me, other = program(service="meca-exporter"), program(service="other")
    assert me.post(PATH, {"anew": "beside"}).json()["slot"] == "b"
    assert me.delete(f"{PATH}a/").status_code == 204
    assert [one["slot"] for one in me.get(PATH).json()["results"]] == ["a", "b"]
    answers = (other.get(PATH), other.post(PATH, {}), other.delete(PATH))
    assert [one.status_code for one in answers] == [404, 404, 404]
