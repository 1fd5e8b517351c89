"""All addresses; the sockets' are in `feed/routing.py`, the probes' in `runtime/probes.py`."""

from django.contrib import admin
from django.urls import include, path

from eventbus_admin.api import outside
from eventbus_admin.runtime.metrics.view import metrics

urlpatterns = [
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("eventbus_admin.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("eventbus_admin.console.urls")),
]

handler400 = outside.bad_request
handler403 = outside.permission_denied
handler404 = outside.not_found
handler500 = outside.server_error
