"""The reconcile app."""

from django.apps import AppConfig


class ReconcileConfig(AppConfig):
    """Comparing registry and broker."""

    name = "eventbus_admin.reconcile"
    label = "reconcile"
    verbose_name = "Reconcile"
