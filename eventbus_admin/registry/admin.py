"""Django's admin shows the registry."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.registry.models import (
    Credential,
    EventType,
    Publication,
    Revision,
    Service,
    Subscription,
)


@admin.register(EventType)
class EventTypeAdmin(ReadOnlyAdmin):
    """Event types."""

    list_display = ("name", "owner", "lifecycle")
    list_filter = ("lifecycle", "owner")
    list_select_related = ("owner",)
    search_fields = ("name",)


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    """Services."""

    list_display = ("name", "owner", "kind")
    list_filter = ("kind", "owner")
    list_select_related = ("owner",)
    search_fields = ("name",)


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """Publications."""

    list_display = ("event_type", "service", "state")
    list_filter = ("state",)
    list_select_related = ("event_type", "service")
    search_fields = ("event_type__name", "service__name")


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions."""

    list_display = ("event_type", "service", "state", "kind")
    list_filter = ("state", "kind")
    list_select_related = ("event_type", "service")
    search_fields = ("event_type__name", "service__name")


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """Credentials."""

    list_display = ("__str__", "service", "issued", "revoked")
    list_select_related = ("service",)
    search_fields = ("service__name",)
    # Not even the hash of a secret is shown.
    exclude = ("password_hash",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """The registry's revision."""

    list_display = ("number",)
