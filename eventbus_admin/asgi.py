"""The web process: pages and sockets behind one ASGI application.

Serve it with `manage.py serve`, or in production with uvicorn and `--lifespan off`: there is
nothing to start or stop in here.
"""

import os
from typing import Any, cast

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventbus_admin.settings")

django.setup(set_prefix=False)

# Django has to be set up before these can be imported.
from eventbus_admin.feed.routing import websocket_urlpatterns  # noqa: E402
from eventbus_admin.runtime.pages import Pages  # noqa: E402


async def _nowhere(_scope: Any, _receive: Any, send: Any) -> None:
    """Refuse a socket at an address that does not exist."""
    await send({"type": "websocket.close"})


sockets = URLRouter([*websocket_urlpatterns, re_path("", cast(Any, _nowhere))])

application = ProtocolTypeRouter(
    {
        "http": Pages(),
        # No other site's page may open a socket with its visitor's cookie.
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets)),
    }
)
