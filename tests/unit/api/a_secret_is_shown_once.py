"""A token's secret is in the answer that made it, and nowhere else."""

import hashlib
import logging
from collections.abc import Callable

import pytest
from django.apps import apps
from django.core import serializers

from eventbus_admin.accounts.models import ApiToken, User
from tests.unit.api.conftest import Program


def test_it_is_in_no_log_no_row_and_no_other_answer(
    operator: User, program: Callable[..., Program], caplog: pytest.LogCaptureFixture
) -> None:
    # Given everything that is logged
    caplog.set_level(logging.DEBUG)

    # When a token is made and used, well and badly
    made = program(operator).post(
        "tokens/", {"name": "a", "scopes": ["read", "tokens"]}, Idempotency_Key="k1"
    )
    text = made.json()["token"]
    prefix, _, secret = text.partition(".")
    answers = [
        Program(text).get(path)
        for path in ("tokens/", f"tokens/{prefix}/", "services/?x=1", "nowhere/", "schema/")
    ]
    answers += [
        Program(text).delete("services/"),
        Program(text).post("services/", {}),
        Program(f"{text}x").get("tokens/"),
        Program(f"x{text}").get("tokens/"),
        Program(text).delete(f"tokens/{prefix}/"),
        Program(text).get("tokens/"),
    ]

    # Then
    assert len(secret) == 43
    for answer in answers:
        assert secret not in answer.content.decode()
        assert secret not in str(answer.headers)
    assert secret not in caplog.text
    stored = [
        serializers.serialize("json", model._default_manager.all()) for model in apps.get_models()
    ]
    assert not [rows for rows in stored if secret in rows]

    # And what is kept of it is a digest, which no answer shows
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert ApiToken.objects.get(prefix=prefix).digest == digest
    assert not [answer for answer in [made, *answers] if digest in answer.content.decode()]
