"""Probes, and whoever reads the metrics with a token, are answered before anything is asked."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from eventbus_admin.runtime.health import healthz, readyz
from eventbus_admin.runtime.metrics.view import metrics

PROBES = {"/healthz": healthz, "/readyz": readyz}
METRICS = "/metrics"
"""Without a header it is for a person, who comes by an address of the console's."""


class ProbeMiddleware(MiddlewareMixin):
    """Answer `/healthz`, `/readyz` and `/metrics`, whatever host is named and however it came.

    Whoever probes asks this process past any proxy, by an address that `ALLOWED_HOSTS` need not
    know, and without https.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer a probe; leave everything else alone."""
        view = PROBES.get(request.path)
        if request.path == METRICS and "Authorization" in request.headers:
            view = metrics
        return view(request) if view else None
