"""What an installation needs once, before it serves: its first admin and perhaps an example."""

from collections.abc import Callable

from django.conf import settings

from eventbus_admin.accounts.actions import ensure_admin
from eventbus_admin.runtime.seed import seed_if_empty


def prepare(say: Callable[[str], None]) -> None:
    """Fill a migrated database with what is missing, and say how to sign in."""
    _say_login(say)
    if settings.EVENTBUS_EXAMPLES and seed_if_empty():
        say("The registry was empty; now it holds the example story.")


def _say_login(say: Callable[[str], None]) -> None:
    given = settings.EVENTBUS_ADMIN_PASSWORD
    user, generated = ensure_admin(
        username=settings.EVENTBUS_ADMIN_USERNAME, password=given or None
    )
    name = user.get_username()
    if generated:
        say(f"Sign in as {name} with the password {generated} (shown only this once).")
    elif given and user.check_password(given):
        say(f"Sign in as {name} with the password from EVENTBUS_ADMIN_PASSWORD.")
    else:
        say(
            f"Sign in as {name}. To set a new password: "
            f".venv/bin/python manage.py changepassword {name}"
        )
