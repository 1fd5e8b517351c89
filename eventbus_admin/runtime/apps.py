"""The runtime app."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Processes and their health."""

    name = "eventbus_admin.runtime"
    label = "runtime"
    verbose_name = "Runtime"

    def ready(self) -> None:
        """Register the system checks."""
        from eventbus_admin.runtime import checks  # noqa: F401 - registers by being imported
