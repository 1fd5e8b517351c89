"""The audit trail: who did what."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.filters import options, tokens
from eventbus_admin.console.paging import keyset_page

_KINDS = (
    ("subscription", "Subscriptions"),
    ("event_type", "Event types"),
    ("service", "Services"),
    ("publication", "Publications"),
    ("credential", "Credentials"),
)


@require_safe
@signed_in
def audit(request: PersonRequest) -> HttpResponse:
    """List entries, latest first, narrowed by kind, by object and by person."""
    found = AuditEntry.objects.all()
    if kind := request.GET.get("kind"):
        found = found.filter(object_kind=kind)
    if name := request.GET.get("object"):
        found = found.filter(object_name=name)
    if who := request.GET.get("who"):
        found = found.filter(actor_name=who)
    if text := request.GET.get("q", "").strip():
        found = found.filter(object_name__icontains="/".join(text.replace("→", " ").split()))
    context = {
        "page": keyset_page(found, request, ("id",), descending=True),
        "kinds": options(request, "kind", _KINDS),
        "tokens": tokens(request, [("object", "Object"), ("who", "By")]),
    }
    return render(request, "console/audit/page.html", context)
