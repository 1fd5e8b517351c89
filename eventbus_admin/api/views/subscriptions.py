"""Subscriptions."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.api.documenting import ETAG, IDEMPOTENCY_KEY, IF_MATCH, documented
from eventbus_admin.api.etags import etag_of, require_match
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings, keyset_page
from eventbus_admin.api.serializers.base import Strict, page_of
from eventbus_admin.api.serializers.subscriptions import (
    EXAMPLE,
    NewSubscription,
    SubscriptionChange,
    SubscriptionOut,
    SubscriptionParameters,
    action_values,
)
from eventbus_admin.api.views.base import Endpoint, envelope
from eventbus_admin.reconcile.models import ReconcileState
from eventbus_admin.registry import actions
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.querysets import SubscriptionQuerySet

ORDERINGS: Orderings = {
    "event_type": ("event_type__name", "service__name"),
    "service": ("service__name", "event_type__name"),
    "created": ("created", "id"),
}
FILTERS = {
    "event_type": "event_type__name",
    "service": "service__name",
    "state": "state",
    "kind": "kind",
    "sync": "status__sync",
    "health": "status__health",
}


class _SubscriptionEndpoint(Endpoint):
    def rows(self) -> SubscriptionQuerySet:
        """Return what the viewer may see."""
        visible = Subscription.objects.visible_to(self.viewer)
        return visible.with_related().select_related("status")

    def find(self, event_type: str, service: str) -> Subscription:
        """Return the one between these two names."""
        return get_object_or_404(self.rows(), event_type__name=event_type, service__name=service)

    def shown(self, found: Any, **options: Any) -> Any:
        """Return subscriptions as they are answered."""
        context = {"state": ReconcileState.objects.first()}
        return SubscriptionOut(found, context=context, **options).data

    def answer(self, event_type: str, service: str, status: int = 200) -> Response:
        """Answer with one subscription."""
        found = self.find(event_type, service)
        headers = {"ETag": etag_of(found)}
        if status == 201:
            names = [event_type, service]
            headers["Location"] = reverse("api:subscription", names, request=self.request)
        return Response(self.shown(found), status=status, headers=headers)


class Subscriptions(_SubscriptionEndpoint):
    """All subscriptions."""

    parameters = SubscriptionParameters

    @documented(
        "List subscriptions",
        answer=page_of(SubscriptionOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=SubscriptionParameters,
    )
    def get(self, request: Request) -> Response:
        """List subscriptions in every state, with what was last observed of them."""
        found = self.filtered(self.rows().search(self.wanted.get("search", "")), FILTERS)
        if owner := self.wanted.get("owner"):
            found = found.owned_by(owner)
        page = keyset_page(found, request, self.wanted, ORDERINGS)
        return Response(envelope(page, self.shown(page.rows, many=True)))

    @documented(
        "Subscribe a service",
        answer=SubscriptionOut,
        example={
            **EXAMPLE,
            "sync": "unknown",
            "health": "unknown",
            "message": "Pending: being applied",
        },
        status=201,
        body=NewSubscription,
        body_example={
            "event_type": "exportRequested",
            "service": "export-manager",
            "kind": "quorum",
            "retry": {"attempts": 10, "delays_ms": [1000, 60000, 600000]},
        },
        headers=[IDEMPOTENCY_KEY, ETAG],
    )
    def post(self, request: Request) -> Response:
        """Let a service listen to an event type; its team and operators may.

        It is stored at once, and brought to the broker within a second or as soon as the broker
        answers: until then `sync` is not `in_sync`. A retired one comes back.
        """
        sent = action_values(NewSubscription.read(request.data))

        def create() -> Response:
            actions.create_subscription(actor=self.actor, **sent)
            return self.answer(sent["event_type"], sent["service"], 201)

        return once(request, create)


class OneSubscription(_SubscriptionEndpoint):
    """One subscription."""

    @documented(
        "Read a subscription",
        answer=SubscriptionOut,
        example=EXAMPLE,
        headers=[ETAG],
        refusals=[404],
    )
    def get(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """Return it, with what was last observed of it; its ETag is that of the registry's part."""
        return self.answer(event_type, service)

    @documented(
        "Change a subscription",
        answer=SubscriptionOut,
        example=EXAMPLE,
        body=SubscriptionChange,
        body_example={"retry": {"attempts": 3}, "prefetch": 20},
        headers=[IF_MATCH, ETAG],
        refusals=[404, 412],
    )
    def patch(self, request: Request, event_type: str, service: str) -> Response:
        """Change how it is worked on; its ends and its kind are fixed."""
        found = self.find(event_type, service)
        sent = action_values(SubscriptionChange.read(request.data))
        with transaction.atomic():
            require_match(request, found)
            actions.change_subscription(actor=self.actor, subscription=found, **sent)
        return self.answer(event_type, service)

    @documented("Retire a subscription", status=204, refusals=[404, 409])
    def delete(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """End it; what is on the broker stays until a person removes it there."""
        found = self.find(event_type, service)
        actions.retire_subscription(actor=self.actor, subscription=found)
        return Response(status=204)


class _Move(_SubscriptionEndpoint):
    def move(self, action: Callable[..., Subscription], event_type: str, service: str) -> Response:
        """Carry out the action and answer with what came of it."""
        Strict.read(self.request.data)
        action(actor=self.actor, subscription=self.find(event_type, service))
        return self.answer(event_type, service)


class Pause(_Move):
    """Pausing a subscription."""

    @documented(
        "Pause a subscription",
        answer=SubscriptionOut,
        example={
            **EXAMPLE,
            "state": "paused",
            "health": "paused",
            "message": "Paused: no events wait.",
        },
        headers=[ETAG],
        refusals=[404, 409, 413, 415],
    )
    def post(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """Stop its workers; its events wait in its queue."""
        return self.move(actions.pause_subscription, event_type, service)


class Resume(_Move):
    """Resuming a subscription."""

    @documented(
        "Resume a subscription",
        answer=SubscriptionOut,
        example=EXAMPLE,
        headers=[ETAG],
        refusals=[404, 409, 413, 415],
    )
    def post(self, request: Request, event_type: str, service: str) -> Response:  # noqa: ARG002
        """Let its workers go on."""
        return self.move(actions.resume_subscription, event_type, service)
