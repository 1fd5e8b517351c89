"""Integrators and their requests."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import ListParameters, Strict, ordering
from eventbus_admin.integrators.actions import MOST_AT_ONCE
from eventbus_admin.integrators.invitations import MAX_NOTE
from eventbus_admin.integrators.models import MAX_REASON, AccessRequest, Invitation
from eventbus_admin.registry.validation import MAX_CONTACT

EXAMPLE = {
    "id": 7,
    "service": "crossref-exporter",
    "kind": "subscription",
    "event_type": "beginCrossrefExport",
    "state": "requested",
    "reason": "DOI deposits",
    "answer": "",
    "created": "2026-11-23T18:39:11.034Z",
    "decided": None,
    "decided_by": None,
}
INVITATION_EXAMPLE = {
    "id": 3,
    "state": "open",
    "note": "Crossref",
    "created_by": "otto",
    "created": "2026-11-23T18:39:11.034Z",
    "expires": "2026-12-07T18:39:11.034Z",
    "used": None,
    "used_by": None,
}
NEW_INVITATION_EXAMPLE = {**INVITATION_EXAMPLE, "code": "(shown once)"}
REGISTERED_EXAMPLE = {
    "service": "crossref-exporter",
    "token": "k3v9x0q2ab.(shown once)",
    "requests": [EXAMPLE],
}


class RequestOut(serializers.Serializer[Any]):
    """A service asks to publish an event type or to listen to it."""

    id = serializers.IntegerField()
    service = serializers.CharField(source="service.name")
    kind = serializers.ChoiceField(AccessRequest.Kind.choices)
    event_type = serializers.CharField(source="event_type.name")
    state = serializers.ChoiceField(AccessRequest.State.choices)
    reason = serializers.CharField(help_text="Why it is asked for.")
    answer = serializers.CharField(help_text="What the operator said; a declined one has it.")
    created = Moment()
    decided = Moment(allow_null=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)


class RegisteredOut(serializers.Serializer[Any]):
    """A registered integrator and what it asked for."""

    service = serializers.CharField(source="service.name")
    token = serializers.CharField(
        help_text="For what is the service's own. Shown in this answer only."
    )
    requests = RequestOut(many=True)


class NewIntegrator(Strict):
    """Who registers, and what it asks for: at least one event type."""

    name = Name(help_text="Of the service; also that of its team.")
    contact = Text(max_length=MAX_CONTACT, help_text="An e-mail address that is read.")
    reason = Text(max_length=MAX_REASON, help_text="What it is for; somebody decides by it.")
    publishes = serializers.ListField(child=Name(), required=False, max_length=MOST_AT_ONCE)
    subscribes = serializers.ListField(child=Name(), required=False, max_length=MOST_AT_ONCE)
    invitation = Text(
        required=False, max_length=200, help_text="The code, where registering takes one."
    )


class NewRequests(Strict):
    """What a service asks for: at least one event type."""

    service = Name(help_text="That asks.")
    reason = Text(max_length=MAX_REASON, help_text="What it is for; somebody decides by it.")
    publishes = serializers.ListField(child=Name(), required=False, max_length=MOST_AT_ONCE)
    subscribes = serializers.ListField(child=Name(), required=False, max_length=MOST_AT_ONCE)


class NewRequestsOut(serializers.Serializer[Any]):
    """What was asked for."""

    requests = RequestOut(many=True)


class Approval(Strict):
    """A word to the integrator."""

    reason = Text(required=False, allow_blank=True, max_length=MAX_REASON)


class Refusal(Strict):
    """Why not."""

    reason = Text(max_length=MAX_REASON, help_text="The integrator reads it.")


class RequestParameters(ListParameters):
    """How requests are listed."""

    service = Name(required=False)
    event_type = Name(required=False)
    kind = Choice(AccessRequest.Kind.choices, required=False)
    state = Choice(AccessRequest.State.choices, required=False)
    ordering = ordering("created")


class InvitationOut(serializers.Serializer[Any]):
    """An invitation, without its code."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(Invitation.State.choices)
    note = serializers.CharField(help_text="For whom it is.")
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)
    created = Moment()
    expires = Moment()
    used = Moment(allow_null=True)
    used_by = serializers.CharField(
        source="used_by.name", default=None, allow_null=True, help_text="Who registered with it."
    )


class NewInvitationOut(InvitationOut):
    """An invitation as it is shown once."""

    code = serializers.CharField(
        allow_null=True,
        help_text="Shown in this answer only; null when the request was sent again.",
    )


class NewInvitation(Strict):
    """For whom it is to be."""

    note = Text(required=False, allow_blank=True, max_length=MAX_NOTE)


class InvitationParameters(ListParameters):
    """How invitations are listed."""

    state = Choice(Invitation.State.choices, required=False)
    ordering = Choice([("-created",) * 2, ("created",) * 2], required=False, default="-created")
