"""The integrators app."""

from django.apps import AppConfig


class IntegratorsConfig(AppConfig):
    """Registrations, requests and invitations."""

    name = "eventbus_admin.integrators"
    label = "integrators"
    verbose_name = "Integrators"
