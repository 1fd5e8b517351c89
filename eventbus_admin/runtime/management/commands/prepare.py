"""`manage.py prepare`: what has to be done once before `web` and `worker` start."""

from typing import Any

from django.core.management.base import BaseCommand

from eventbus_admin.runtime.database import migrate
from eventbus_admin.runtime.preparing import prepare


class Command(BaseCommand):
    """Migrate, and make the first admin."""

    help = (
        "Bring the database's tables up to date and make the first admin, then end. Run it once "
        "after an installation and after each update, before `web` and `worker` start. "
        "EVENTBUS_ADMIN_PASSWORD gives the password; without it one is made and shown. "
        "EVENTBUS_EXAMPLES=1 fills an empty registry with the example story."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Prepare the database."""
        migrate()
        prepare(self.stdout.write)
