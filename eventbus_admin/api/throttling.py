"""How much one token, person or address may ask."""

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from eventbus_admin.accounts.models import ApiToken


class RateLimit(BaseThrottle):
    """Counts in the cache, by the minute, so that all web processes count together with Redis."""

    window_seconds = 60

    def __init__(self) -> None:
        self._left = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Count the request and say whether there were too many."""
        who, most = self.bucket(request)
        window, passed = divmod(time.time(), self.window_seconds)
        self._left = self.window_seconds - passed
        key = f"api-rate/{who}/{int(window)}"
        if cache.add(key, 1, timeout=2 * self.window_seconds):
            return most >= 1
        try:
            return cache.incr(key) <= most
        except ValueError:
            # Dropped from a full cache just now: it counts anew.
            return True

    def bucket(self, request: Request) -> tuple[str, int]:
        """Return whom the request counts for, and how many of them may come in one window."""
        if isinstance(request.auth, ApiToken):
            return f"token/{request.auth.pk}", settings.EVENTBUS_API_RATE
        if request.user.is_authenticated:
            return f"user/{request.user.pk}", settings.EVENTBUS_API_RATE
        return f"address/{self.get_ident(request)}", settings.EVENTBUS_API_ANONYMOUS_RATE

    def get_ident(self, request: Request) -> str:
        """Return the client's address; only our own proxy is believed about it."""
        address = str(request.META.get("REMOTE_ADDR") or "")
        if settings.PUBLIC_HTTPS:
            forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or address)
            address = forwarded.rpartition(",")[2].strip()[:64]
        return "".join(char if char.isalnum() or char in ".:" else "-" for char in address)

    def wait(self) -> float:
        """Return the seconds after which to ask again."""
        return self._left


class RegistrationLimit(RateLimit):
    """Counts by the hour how often an address without a token registers somebody."""

    window_seconds = 3600

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count nobody who is known: for them the other limit is enough."""
        return request.user.is_authenticated or super().allow_request(request, view)

    def bucket(self, request: Request) -> tuple[str, int]:
        """Count for the address."""
        return f"registering/{self.get_ident(request)}", settings.EVENTBUS_REGISTRATION_RATE
