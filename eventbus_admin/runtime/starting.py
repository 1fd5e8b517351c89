"""What commands ask for before they run; what is missing is said in one line."""

import socket

from django.conf import settings
from django.core.management.base import CommandError

from eventbus_admin.broker.factory import is_mock
from eventbus_admin.runtime.server import AddressUnusable, PortTaken, listen


def require_company() -> None:
    """Raise `CommandError` when the settings keep everything inside one process."""
    if is_mock():
        raise CommandError(
            "The embedded broker lives in the server process: use `manage.py serve`."
        )
    if not settings.REDIS_URL:
        raise CommandError(
            "The worker reaches the pages of other processes through Redis: set REDIS_URL, "
            "or use `manage.py serve`, which holds pages and worker in one process."
        )


def listening_socket() -> socket.socket:
    """Return a socket bound to HOST and PORT; raises `CommandError`."""
    try:
        return listen(settings.HOST, settings.PORT)
    except PortTaken as error:
        raise CommandError(
            f"Port {settings.PORT} on {settings.HOST} is in use. Choose another, for example "
            f"PORT={settings.PORT + 1}."
        ) from error
    except AddressUnusable as error:
        raise CommandError(f"Cannot listen on {error}. Set HOST and PORT.") from error
