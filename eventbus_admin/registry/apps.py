"""The registry app."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Services, event types, publications and subscriptions."""

    name = "eventbus_admin.registry"
    label = "registry"
    verbose_name = "Registry"
