"""The journal: events, and what became of them."""

from functools import cached_property

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.accounts.actor import ServiceAccount
from eventbus_admin.api.documenting import documented
from eventbus_admin.api.paging import Orderings, keyset_page
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.events import (
    DETAIL_EXAMPLE,
    EXAMPLE,
    EventDetailOut,
    EventOut,
    EventParameters,
)
from eventbus_admin.api.views.base import Endpoint, envelope
from eventbus_admin.journal.entries import journal_id
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.reads import entries, one_event, rows_of
from eventbus_admin.journal.rows import EventFilter
from eventbus_admin.journal.sight import Sight
from eventbus_admin.payloads.policy import sight_of

# The order in which the journal saw them.
ORDERINGS: Orderings = {"seen": ("id",)}
FILTERS = {"source": "source", "correlation_id": "correlation_id"}


class _EventEndpoint(Endpoint):
    @cached_property
    def sight(self) -> Sight:
        """What the viewer is shown of what events hold."""
        return sight_of(self.actor)

    def entries(self, wanted: EventFilter) -> QuerySet[JournalEntry]:
        """Return the entries that pass, of those that the viewer may see."""
        found = entries(wanted, sight=self.sight)
        if isinstance(self.viewer, ServiceAccount):
            mine = EventFilter(service=self.viewer.service)
            own = entries(mine, sight=self.sight).order_by()
            return found.filter(pk__in=own.values("pk"))
        self.require_view()
        return found


class Events(_EventEndpoint):
    """The journal's events."""

    parameters = EventParameters

    @documented(
        "List events",
        answer=page_of(EventOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=EventParameters,
    )
    def get(self, request: Request) -> Response:
        """List the events that the journal still has, the latest first, with their outcomes."""
        wanted = EventFilter.bounded(
            type=self.wanted.get("type", ""),
            service=self.wanted.get("service", ""),
            text=self.wanted.get("search", ""),
        )
        found = self.filtered(self.entries(wanted), FILTERS)
        page = keyset_page(found, request, self.wanted, ORDERINGS)
        return Response(envelope(page, rows_of(page.rows, sight=self.sight)))


class OneEvent(_EventEndpoint):
    """One event."""

    @documented("Read an event", answer=EventDetailOut, example=DETAIL_EXAMPLE, refusals=[404])
    def get(self, request: Request, event_id: str) -> Response:  # noqa: ARG002
        """Return everything that is known of it; what is hidden is empty, and `hidden` is true."""
        visible = self.entries(EventFilter()).filter(event_id=journal_id(event_id)).exists()
        found = one_event(event_id, sight=self.sight) if visible else None
        if found is None:
            raise Http404("The journal does not have this event (any more).")
        return Response(found)
