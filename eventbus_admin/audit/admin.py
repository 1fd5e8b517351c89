"""Django's admin shows the audit trail."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what."""

    list_display = ("at", "actor_name", "verb", "object_kind", "object_name")
    list_filter = ("object_kind", "verb")
    search_fields = ("object_name", "actor_name")
