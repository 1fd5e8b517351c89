"""The search over everything; the answer alone for the dialog, else a page of its own."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.search import meant
from eventbus_admin.console.search_sources import found
from eventbus_admin.console.sights import sight_for


@require_safe
@signed_in
def search(request: PersonRequest) -> HttpResponse:
    """Show what answers the search, by kind."""
    text = meant(request.GET.get("q", ""))
    context = {"text": text, "groups": found(request.user, sight_for(request), text)}
    picked = request.headers.get("HX-Request")
    template = "console/search/options.html" if picked else "console/search/page.html"
    return render(request, template, context)
