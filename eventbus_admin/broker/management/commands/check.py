"""`manage.py check`, which asks the broker too when it is called with `--tag broker`."""

from typing import Any

from django.core.checks.registry import registry
from django.core.management.commands import check

from eventbus_admin.broker.checks import TAG, check_broker_answers


class Command(check.Command):
    """Django's command; a check cannot tell by itself whether its tag was asked for."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Add the live check for this once when its tag was given."""
        if TAG in (options["tags"] or ()):
            registry.register(check_broker_answers, TAG)
        try:
            super().handle(*app_labels, **options)
        finally:
            registry.registered_checks.discard(check_broker_answers)
