"""Revealing what an event holds, from wherever it says that it is hidden."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.dead_letters import place_of
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.payloads.revealing import reveal
from eventbus_admin.registry.models import EventType


@require_POST
@signed_in
def reveal_payload(request: PersonRequest) -> HttpResponse:
    """Reveal one event, or all of its type, and go back to where it was asked for."""
    event_type, event_id = _meant(request)
    if "whole" in request.POST and event_type:
        event_id = ""
    reason = request.POST.get("reason", "")
    done = carried_out(request, reveal, event_type=event_type, event_id=event_id, reason=reason)
    if done is not None:
        what = "This event is" if event_id else f"Events of {event_type} are"
        said = f"{what} shown to you for 15 minutes. The audit trail says so."
        messages.success(request, said)
    return redirect(place_of(request))


def _meant(request: PersonRequest) -> tuple[str, str]:
    """Return the type and the id of what the form is about, as they are stored."""
    given = {name: str(value).replace("\0", "") for name, value in request.POST.items()}
    if letter := given.get("letter", ""):
        visible = DeadLetter.objects.visible_to(request.user).light()
        number = int(letter) if letter.isdecimal() and len(letter) < 19 else 0
        found = get_object_or_404(visible, pk=number)
        return found.event_type, found.seen_as
    if event_id := given.get("event", ""):
        entry = get_object_or_404(JournalEntry.objects.only("type"), event_id=event_id)
        return entry.type, event_id
    if name := given.get("type", ""):
        found_type = get_object_or_404(EventType.objects.visible_to(request.user), name=name)
        return found_type.name, ""
    raise Http404("Say what is to be revealed.")
