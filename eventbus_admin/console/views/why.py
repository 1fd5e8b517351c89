"""Why did this event not reach that service? The answer lives in the address."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Decision, Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.filters import asked
from eventbus_admin.console.pasting import pasted
from eventbus_admin.console.sights import sight_for
from eventbus_admin.registry.models import EventType, Service
from eventbus_admin.why.explaining import explain
from eventbus_admin.why.findings import Answer, Kind, Step
from eventbus_admin.why.gathering import Question, candidates, gather

OFFERED_NAMES = 500
CANDIDATES = 20
MAX_MINUTES = 24 * 60
MAX_CHARS = 500
_TONES = {
    Kind.ARRIVED: "ok",
    Kind.UNKNOWN: "idle",
    Kind.PAUSED: "idle",
    Kind.WAITING: "warn",
    Kind.RETRYING: "warn",
    Kind.SENT_AGAIN: "warn",
}


@require_safe
@signed_in
def why(request: PersonRequest) -> HttpResponse:
    """Ask for an event and a service, or answer."""
    event = pasted(asked(request, "event"))[:MAX_CHARS]
    service = asked(request, "service")[:MAX_CHARS]
    event_type = asked(request, "type")[:MAX_CHARS]
    at, problem = _moment(asked(request, "at"))
    context: dict[str, object] = {
        "event": event,
        "service": service,
        "problem": problem,
        **_offered(request),
    }
    if event and service:
        question = Question(event_id=event, service=service, event_type=event_type, at=at)
        context |= _answered(request, question)
    elif event_type and not problem:
        context["found"] = candidates(
            event_type=event_type,
            source=asked(request, "source")[:MAX_CHARS],
            at=at,
            minutes=_minutes(request),
            limit=CANDIDATES,
        )
        context["searched"] = True
    return render(request, "console/why/page.html", context)


def _answered(request: PersonRequest, question: Question) -> dict[str, object]:
    evidence = gather(question, sight=sight_for(request))
    answer = explain(evidence)
    return {
        "answer": answer,
        "evidence": evidence,
        "tone": _TONES.get(answer.verdict.kind, "bad"),
        "rows": [
            {"finding": one, "opened": one is answer.opened, "url": _url(one.step)}
            for one in answer.findings
        ],
        "may_act": _may_act(request, question.service, answer),
    }


def _may_act(request: PersonRequest, service: str, answer: Answer) -> Decision:
    """Whether the person may press what acts at once; links are open to all."""
    rights = Rights(Actor.person(request.user))
    if not any(one.step and one.step.post for one in answer.findings):
        return rights.can_view()
    owned = Service.objects.filter(name=service).select_related("owner").first()
    return rights.can_edit(owned.owner) if owned else rights.can_operate()


def _url(step: Step | None) -> str:
    if step is None:
        return ""
    try:
        path = reverse(f"console:{step.route}", args=step.args)
    except NoReverseMatch:  # names that nobody checked
        return ""
    query = urlencode([pair for pair in step.query if pair[1]])
    return f"{path}?{query}" if query else path


def _moment(text: str) -> tuple[datetime | None, str]:
    if not text:
        return None, ""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or not 1970 <= moment.year < 9999:
        return None, f"“{text[:40]}” is no time: write 2026-11-23T18:39, in UTC."
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), ""


def _minutes(request: PersonRequest) -> int:
    text = asked(request, "minutes")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 10
    return min(max(number, 1), MAX_MINUTES)


def _offered(request: PersonRequest) -> dict[str, object]:
    types = EventType.objects.visible_to(request.user).values_list("name", flat=True)
    services = Service.objects.visible_to(request.user).values_list("name", flat=True)
    return {
        "event_type_names": types[:OFFERED_NAMES],
        "service_names": services[:OFFERED_NAMES],
    }
