"""Publications."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import SearchParameters, Strict, ordering
from eventbus_admin.registry.states import PublicationState

EXAMPLE = {
    "event_type": "exportSuccessful",
    "service": "meca-exporter",
    "state": "active",
    "owner": "Exports",
    "created": "2026-11-23T18:39:11.034Z",
}


class PublicationOut(serializers.Serializer[Any]):
    """A service may publish an event type."""

    event_type = serializers.CharField(source="event_type.name")
    service = serializers.CharField(source="service.name")
    state = serializers.ChoiceField(PublicationState.choices)
    owner = serializers.CharField(
        source="service.owner.name", help_text="The team that owns the service."
    )
    created = Moment()


class NewPublication(Strict):
    """Who is to publish what."""

    event_type = Name()
    service = Name()


class PublicationParameters(SearchParameters):
    """How publications are listed."""

    event_type = Name(required=False)
    service = Name(required=False)
    owner = Text(required=False, max_length=120)
    state = Choice(PublicationState.choices, required=False)
    ordering = ordering("event_type", "service", "created")
