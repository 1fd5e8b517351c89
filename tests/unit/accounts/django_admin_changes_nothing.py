"""Django's admin shows every model and changes none."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import RequestFactory

from eventbus_admin.accounts.models import User


def registered() -> list[type[Model]]:
    admin.autodiscover()
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_nobody_changes_anything(administrator: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = administrator
    assert registered()

    for model in registered():
        page = admin.site._registry[model]
        assert page.has_view_permission(request), model
        assert not page.has_add_permission(request), model
        assert not page.has_change_permission(request), model
        assert not page.has_delete_permission(request), model
        assert not page.get_actions(request), model


def test_groups_are_not_shown_because_rights_are_roles_and_teams() -> None:
    assert Group not in registered()


def test_an_account_is_shown_without_its_password_hash(administrator: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = administrator

    fields = admin.site._registry[User].get_fields(request, administrator)

    assert "username" in fields
    assert "password" not in fields


@pytest.mark.parametrize("label", ["accounts.Team", "audit.AuditEntry", "registry.Subscription"])
def test_our_models_are_there(label: str) -> None:
    assert label in [model._meta.label for model in registered()]
