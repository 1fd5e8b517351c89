"""The audit trail: who did what."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.audit_search import SPANS, Unreadable, condition, offered
from eventbus_admin.console.differences import differences
from eventbus_admin.console.filters import tokens
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.registry.trail import entries_visible_to

TOGETHER = 20

_TAKEN_OFF = (
    ("who", "Who"),
    ("verb", "Did"),
    ("kind", "Kind"),
    ("object", "Object"),
    ("within", "When"),
    ("from", "From"),
    ("to", "To"),
    ("request", "Request"),
)


@require_safe
@signed_in
def audit(request: PersonRequest) -> HttpResponse:
    """List entries, latest first, narrowed by what the address says."""
    visible, problem = entries_visible_to(request.user), ""
    try:
        found = visible.filter(condition(request))
    except Unreadable as error:
        found, problem = AuditEntry.objects.none(), str(error)
    spans = {value: said for value, (said, _) in SPANS.items()}
    context = {
        "page": keyset_page(found, request, ("id",), descending=True),
        "offered": offered(request, visible),
        "spans": spans.items(),
        "tokens": tokens(request, _TAKEN_OFF, spans),
        "problem": problem,
    }
    return render(request, "console/audit/page.html", context)


@require_safe
@signed_in
def entry(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one entry with what was before and after: in the drawer or as a page of its own."""
    visible = entries_visible_to(request.user)
    found = get_object_or_404(visible, pk=pk)
    context = {
        "entry": found,
        "lines": differences(found.before, found.after),
        "together": visible.filter(group=found.group).exclude(pk=pk)[:TOGETHER],
    }
    fragment = request.headers.get("HX-Request")
    template = "console/audit/entry.html" if fragment else "console/audit/entry_page.html"
    return render(request, template, context)
