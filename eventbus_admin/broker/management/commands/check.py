"""`manage.py check`, which asks the broker too when it is called with `--tag broker`."""

from typing import Any

from django.core.checks import register
from django.core.management.commands import check

from eventbus_admin.broker.checks import TAG, check_broker_answers


class Command(check.Command):
    """Django's command; a check cannot tell by itself whether its tag was asked for."""

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Add the live check when its tag was given."""
        if TAG in (options["tags"] or ()):
            register(check_broker_answers, TAG)
        super().handle(*app_labels, **options)
