"""The live page; js/feed.js fills it from the WebSocket."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.console import snippets
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.registry.models import EventType, Service

OFFERED_NAMES = 500


@require_safe
@signed_in
def feed(request: PersonRequest) -> HttpResponse:
    """Show the frame of the feed."""
    types = EventType.objects.visible_to(request.user).values_list("name", flat=True)
    services = Service.objects.visible_to(request.user).values_list("name", flat=True)
    first = types.first()
    context = {
        "event_type_names": types[:OFFERED_NAMES],
        "service_names": services[:OFFERED_NAMES],
        "command": snippets.publish_command(first or "exportRequested"),
    }
    return render(request, "console/feed/page.html", context)
