"""How much one token, person or address may ask in a minute."""

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from eventbus_admin.accounts.models import ApiToken

WINDOW_SECONDS = 60


class RateLimit(BaseThrottle):
    """Counts by the minute, in the cache, so that all web processes count together with Redis."""

    def __init__(self) -> None:
        self._left = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Count the request and say whether there were too many."""
        who, most = _bucket(request, self.get_ident(request))
        window, passed = divmod(time.time(), WINDOW_SECONDS)
        self._left = WINDOW_SECONDS - passed
        key = f"api-rate/{who}/{int(window)}"
        if cache.add(key, 1, timeout=2 * WINDOW_SECONDS):
            return most >= 1
        try:
            return cache.incr(key) <= most
        except ValueError:
            # Dropped from a full cache just now: it counts anew.
            return True

    def get_ident(self, request: Request) -> str:
        """Return the client's address; only our own proxy is believed about it."""
        address = str(request.META.get("REMOTE_ADDR") or "")
        if settings.PUBLIC_HTTPS:
            forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or address)
            return forwarded.rpartition(",")[2].strip()[:64]
        return address

    def wait(self) -> float:
        """Return the seconds after which to ask again."""
        return self._left


def _bucket(request: Request, address: str) -> tuple[str, int]:
    if isinstance(request.auth, ApiToken):
        return f"token/{request.auth.pk}", settings.EVENTBUS_API_RATE
    if request.user.is_authenticated:
        return f"user/{request.user.pk}", settings.EVENTBUS_API_RATE
    safe = "".join(char if char.isalnum() or char in ".:" else "-" for char in address)
    return f"address/{safe}", settings.EVENTBUS_API_ANONYMOUS_RATE
