"""The part of the frame that refreshes itself."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.console.access import PersonRequest, signed_in


@require_safe
@signed_in
def pulse(request: PersonRequest) -> HttpResponse:
    """Return the broker's state and the banners as they are now."""
    return render(request, "console/shell/pulse.html")
