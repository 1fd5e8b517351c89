"""Django's admin shows integrators' requests."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.integrators.models import AccessRequest, Invitation


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    """Requests."""

    list_display = ("service", "kind", "event_type", "state", "created", "decided")
    list_filter = ("state", "kind")
    list_select_related = ("service", "event_type")
    search_fields = ("service__name", "event_type__name")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations."""

    list_display = ("__str__", "created_by", "created", "expires", "used", "used_by")
    list_select_related = ("created_by", "used_by")
    exclude = ("code_hash",)
