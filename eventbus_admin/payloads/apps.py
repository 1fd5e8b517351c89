"""The payloads app."""

from django.apps import AppConfig


class PayloadsConfig(AppConfig):
    """Who is shown what events hold."""

    name = "eventbus_admin.payloads"
    label = "payloads"
    verbose_name = "Payloads"
