"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what."""

    name = "eventbus_admin.audit"
    label = "audit"
    verbose_name = "Audit"
