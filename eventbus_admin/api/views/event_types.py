"""Event types."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.documenting import ETAG, IDEMPOTENCY_KEY, IF_MATCH, documented
from eventbus_admin.api.etags import etag_of, require_match
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers import event_types, events
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.event_types import (
    EventTypeChange,
    EventTypeOut,
    EventTypeParameters,
    NewEventType,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.feed.test_events import send_test_event
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import EventType
from eventbus_admin.registry.querysets import EventTypeQuerySet

ORDERINGS: Orderings = {"name": ("name",), "created": ("created", "id")}


class _EventTypeEndpoint(Endpoint):
    def rows(self) -> EventTypeQuerySet:
        """Return what the viewer may see."""
        return EventType.objects.visible_to(self.viewer).with_related().with_counts()

    def answer(self, name: str, status: int = 200) -> Response:
        """Answer with one event type."""
        found = get_object_or_404(self.rows(), name=name)
        headers = {"ETag": etag_of(found)}
        if status == 201:
            headers["Location"] = reverse("api:event-type", [name], request=self.request)
        return Response(EventTypeOut(found).data, status=status, headers=headers)


class EventTypes(_EventTypeEndpoint):
    """All event types."""

    parameters = EventTypeParameters

    @documented(
        "List event types",
        answer=page_of(EventTypeOut),
        example={"next": None, "previous": None, "results": [event_types.EXAMPLE]},
        parameters=EventTypeParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List event types, by name unless ordered otherwise."""
        wanted, found = self.wanted, self.rows().search(self.wanted.get("search", ""))
        if owner := wanted.get("owner"):
            found = found.owned_by(owner)
        if lifecycle := wanted.get("lifecycle"):
            found = found.filter(lifecycle=lifecycle)
        return self.page(found, ORDERINGS, EventTypeOut)

    @documented(
        "Register an event type",
        answer=EventTypeOut,
        example=event_types.EXAMPLE,
        status=201,
        body=NewEventType,
        body_example={
            "name": "exportRequested",
            "owner": "Submission",
            "example": {"journal": "elife"},
        },
        headers=[IDEMPOTENCY_KEY, ETAG],
    )
    def post(self, request: Request) -> Response:
        """Register a named kind of event that a team owns; its members and operators may."""
        sent = NewEventType.read(request.data)

        def create() -> Response:
            return self.answer(actions.create_event_type(actor=self.actor, **sent).name, 201)

        return once(request, create)


class OneEventType(_EventTypeEndpoint):
    """One event type."""

    @documented(
        "Read an event type",
        answer=EventTypeOut,
        example=event_types.EXAMPLE,
        headers=[ETAG],
        refusals=[404],
    )
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        """Return it, with its ETag."""
        return self.answer(name)

    @documented(
        "Change an event type",
        answer=EventTypeOut,
        example=event_types.EXAMPLE,
        body=EventTypeChange,
        body_example={"lifecycle": "deprecated"},
        headers=[IF_MATCH, ETAG],
        refusals=[404, 412],
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change what is sent and leave the rest; a retired one takes no new subscriptions."""
        found = get_object_or_404(self.rows(), name=name)
        self._change(request, found, EventTypeChange.read(request.data))
        return self.answer(name)

    @transaction.atomic
    def _change(self, request: Request, found: EventType, sent: dict[str, Any]) -> None:
        require_match(request, found)
        lifecycle = sent.pop("lifecycle", found.lifecycle)
        actions.change_event_type(actor=self.actor, event_type=found, **sent)
        if lifecycle != found.lifecycle:
            actions.set_lifecycle(actor=self.actor, event_type=found, lifecycle=lifecycle)


class TestEvents(_EventTypeEndpoint):
    """Test events of one event type."""

    scope = TokenScope.TEST

    @documented(
        "Send a test event",
        answer=events.TestEventOut,
        example=events.TEST_EXAMPLE,
        status=202,
        body=events.NewTestEvent,
        body_example={"to": "export-manager", "payload": {"journal": "elife"}},
        refusals=[404],
    )
    def post(self, request: Request, name: str) -> Response:
        """Put an event into one service's queue, marked with the header `ce-test`.

        No other service gets it. The service's team and operators may; 503 when the broker does
        not take it, and then nothing was sent.
        """
        found = get_object_or_404(self.rows(), name=name)
        sent = events.NewTestEvent.read(request.data)
        tested = send_test_event(actor=self.actor, event_type=found.name, **sent)
        return Response(events.TestEventOut(tested).data, status=202)
