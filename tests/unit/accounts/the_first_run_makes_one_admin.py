"""At its first run an installation gets one admin, whose password is shown once."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection

from eventbus_admin.accounts.actions import ensure_admin
from eventbus_admin.accounts.models import Role, User


@pytest.mark.django_db
def test_without_a_password_one_is_generated_and_works() -> None:
    user, password = ensure_admin(username="admin")

    assert password is not None
    assert len(password) >= 20
    assert authenticate(username="admin", password=password) == user
    assert (user.role, user.is_superuser, user.is_staff) == (Role.ADMIN, True, True)


@pytest.mark.django_db
def test_a_given_password_is_used_and_not_returned() -> None:
    user, password = ensure_admin(username="admin", password="correct horse")

    assert password is None
    assert authenticate(username="admin", password="correct horse") == user


@pytest.mark.django_db
def test_an_empty_password_counts_as_none() -> None:
    _, password = ensure_admin(username="admin", password="")

    assert password
    assert not authenticate(username="admin", password="")


@pytest.mark.django_db
def test_the_password_is_neither_stored_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    user, password = ensure_admin(username="admin")

    assert password not in str(User.objects.values().get(pk=user.pk))
    assert password not in caplog.text


def test_the_second_run_changes_nothing(db: None) -> None:
    ensure_admin(username="admin", password="correct horse")
    before = User.objects.values().get()

    _, password = ensure_admin(username="admin", password="another one")

    assert password is None
    assert User.objects.values().get() == before


def test_an_account_of_that_name_is_not_raised(make_user: Callable[..., User]) -> None:
    someone = make_user("admin")

    user, password = ensure_admin(username="admin")

    assert (user, password) == (someone, None)
    assert User.objects.get().role == Role.VIEWER


def test_an_installation_with_an_admin_gets_no_second(administrator: User) -> None:
    user, password = ensure_admin(username="another")

    assert (user, password) == (administrator, None)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_two_first_runs_at_once_make_one_admin() -> None:
    # Given another process that makes the admin after our look
    rivals = [User(username="admin", role=Role.ADMIN)]

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen = execute(sql, *rest)
        if sql.startswith("SELECT") and rivals:
            rivals.pop().save()
        return seen

    with connection.execute_wrapper(watch):
        user, password = ensure_admin(username="admin")

    assert password is None
    assert User.objects.get() == user
