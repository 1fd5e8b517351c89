"""All addresses; the sockets' are in `feed/routing.py`."""

from django.contrib import admin
from django.urls import include, path

from eventbus_admin.runtime import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include("eventbus_admin.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("eventbus_admin.console.urls")),
]
