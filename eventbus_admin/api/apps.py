"""The REST API's app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST API."""

    name = "eventbus_admin.api"
    label = "api"
    verbose_name = "REST API"
