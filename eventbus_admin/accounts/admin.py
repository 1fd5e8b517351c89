"""Django's admin shows accounts; nothing is changed there, so that every change is an action."""

from typing import TYPE_CHECKING, Any

import django.contrib.auth.admin  # noqa: F401  (registers Group, which we take out again)
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from eventbus_admin.accounts.models import ApiToken, Team, User

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


# Rights are roles and teams.
admin.site.unregister(Group)


class ReadOnlyAdmin(ModelAdmin):
    """Base of every model's page in Django's admin: to look at, not to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody deletes here."""
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People."""

    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email")
    # Not even the hash of a password is shown.
    exclude = ("password", "groups", "user_permissions")


@admin.register(Team)
class TeamAdmin(ReadOnlyAdmin):
    """Teams."""

    list_display = ("name", "contact")
    search_fields = ("name",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens; not even the digest of a secret is shown."""

    list_display = ("prefix", "name", "owner", "expires", "revoked", "last_used")
    search_fields = ("prefix", "name", "service")
    exclude = ("digest",)
