"""Probes are answered before anything else is asked."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from eventbus_admin.runtime.health import healthz, readyz

PROBES = {"/healthz": healthz, "/readyz": readyz}


class ProbeMiddleware(MiddlewareMixin):
    """Answer `/healthz` and `/readyz`, whatever host the request names and however it came.

    Whoever probes asks this process past any proxy, by an address that `ALLOWED_HOSTS` need not
    know, and without https.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer a probe; leave everything else alone."""
        view = PROBES.get(request.path)
        return view(request) if view else None
