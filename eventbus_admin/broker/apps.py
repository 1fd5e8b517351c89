"""The broker app."""

from django.apps import AppConfig


class BrokerConfig(AppConfig):
    """The way to the broker's management."""

    name = "eventbus_admin.broker"
    label = "broker"
    verbose_name = "Broker"

    def ready(self) -> None:
        """Register the system checks."""
        from eventbus_admin.broker import checks  # noqa: F401
