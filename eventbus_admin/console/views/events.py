"""One event with everything that is known of it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.sights import sight_for
from eventbus_admin.journal.entries import journal_id
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.reads import outcomes_of
from eventbus_admin.registry.models import Subscription

STORY = 20


@require_safe
@signed_in
def event(request: PersonRequest, event_id: str) -> HttpResponse:
    """Show payload, headers, outcomes and story: as a page, or as a fragment of another."""
    entry = JournalEntry.objects.filter(event_id=journal_id(event_id)).first()
    if entry is None:
        raise Http404(
            "The journal does not have this event (any more): it keeps the latest ones only."
        )
    sight = sight_for(request)
    outcomes = [sight.outcome(one) for one in outcomes_of([entry.event_id])[entry.event_id]]
    told = {outcome.service for outcome in outcomes}
    listeners = (
        Subscription.objects.visible_to(request.user)
        .live()
        .filter(event_type__name=entry.type, created__lte=entry.seen)
        .values_list("service__name", flat=True)
    )
    context = {
        "event": sight.entry(entry),
        "hidden": not sight.shows(entry.type, entry.event_id),
        "outcomes": outcomes,
        "waiting": [service for service in listeners if service not in told],
        "story": JournalEntry.objects.filter(correlation_id=entry.correlation_id)
        .order_by("id")
        .defer("payload", "headers")[:STORY],
    }
    fragment = request.headers.get("HX-Request")
    template = "console/feed/event.html" if fragment else "console/feed/event_page.html"
    return render(request, template, context)
