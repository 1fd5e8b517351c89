"""Django's admin shows what was found, who leads and what was carried out."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.reconcile.models import BrokerObject, Lease, ReconcileState, Run


@admin.register(BrokerObject)
class BrokerObjectAdmin(ReadOnlyAdmin):
    """Objects on the broker."""

    list_display = ("kind", "name", "sync", "since", "established")
    list_filter = ("sync", "kind")
    search_fields = ("name",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Plans that were carried out."""

    list_display = ("created", "reason", "state", "revision", "finished")
    list_filter = ("state",)


@admin.register(ReconcileState)
class ReconcileStateAdmin(ReadOnlyAdmin):
    """The loop's state."""

    list_display = ("broker_name", "broker_version", "reachable", "observed_at", "applied_revision")


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Who leads."""

    list_display = ("name", "holder", "fence", "expires")
