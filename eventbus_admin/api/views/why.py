"""Why did this event not reach that service?"""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.accounts.actor import ServiceAccount
from eventbus_admin.api.documenting import documented
from eventbus_admin.api.serializers.why import EXAMPLE, WhyOut, WhyParameters, answer_of
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.journal.entries import journal_id
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.reads import entries
from eventbus_admin.journal.rows import EventFilter
from eventbus_admin.payloads.policy import sight_of
from eventbus_admin.registry.models import EventType
from eventbus_admin.why.explaining import explain
from eventbus_admin.why.gathering import Question, gather


class Why(Endpoint):
    """One event and one service."""

    parameters = WhyParameters

    @documented(
        "Ask why not",
        answer=WhyOut,
        example=EXAMPLE,
        parameters=WhyParameters,
        refusals=[404],
    )
    def get(self, request: Request, service: str, event_id: str) -> Response:  # noqa: ARG002
        """Say what is known of an event's way to a service, what proves it, and what to do.

        A service may ask about itself, and about events that it may see.
        """
        question = Question(
            event_id=event_id,
            service=service,
            event_type=self.wanted.get("type", ""),
            at=self.wanted.get("at"),
        )
        self._require_visible(question)
        evidence = gather(question, sight=sight_of(self.actor))
        self._require_visible_type(evidence.event_type)
        answer = answer_of(
            explain(evidence),
            event=question.event_id,
            event_type=evidence.event_type,
            service=question.service,
        )
        return Response(WhyOut(answer).data)

    def _require_visible_type(self, name: str) -> None:
        if not isinstance(self.viewer, ServiceAccount):
            return
        if not EventType.objects.visible_to(self.viewer).filter(name=name).exists():
            raise Http404("This service has nothing to do with such events.")

    def _require_visible(self, question: Question) -> None:
        if not isinstance(self.viewer, ServiceAccount):
            self.require_view()
            return
        if question.service != self.viewer.service:
            raise Http404("A service may ask about itself only.")
        key = journal_id(question.event_id)
        mine = EventFilter(service=self.viewer.service)
        own = entries(mine, sight=sight_of(self.actor)).filter(event_id=key)
        if JournalEntry.objects.filter(event_id=key).exists() and not own.exists():
            raise Http404("The journal does not have this event (any more).")
