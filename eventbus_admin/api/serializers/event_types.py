"""Event types."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Flag, Json, Moment, Name, Text
from eventbus_admin.api.serializers.base import SearchParameters, Strict, ordering
from eventbus_admin.registry.states import Lifecycle

MAX_TEXT = 20_000
EXAMPLE = {
    "name": "exportRequested",
    "description": "An article is to be exported, wherever its journal wants it.",
    "example": {"journal": "elife", "articleId": "64567"},
    "owner": "Submission",
    "lifecycle": "active",
    "private": False,
    "subscription_count": 1,
    "publication_count": 1,
    "created": "2026-11-23T18:39:11.034Z",
    "changed": "2026-11-23T18:39:11.034Z",
}


class EventTypeOut(serializers.Serializer[Any]):
    """A named kind of event."""

    name = serializers.CharField()
    description = serializers.CharField()
    example = Json(allow_null=True, help_text="An example payload.")
    owner = serializers.CharField(source="owner.name", help_text="The team that owns it.")
    lifecycle = serializers.ChoiceField(Lifecycle.choices)
    private = serializers.BooleanField(
        help_text="Whether what its events hold is for those who own, publish or listen to it."
    )
    subscription_count = serializers.IntegerField(help_text="Live subscriptions.")
    publication_count = serializers.IntegerField(help_text="Services that may publish it.")
    created = Moment()
    changed = Moment()


class NewEventType(Strict):
    """A new event type."""

    name = Name()
    owner = Text(max_length=120, help_text="A team.")
    description = Text(required=False, allow_blank=True, max_length=MAX_TEXT)
    example = Json(required=False, allow_null=True)
    private = Flag(required=False)
    lifecycle = Choice(Lifecycle.choices, required=False)


class EventTypeChange(Strict):
    """What is to be changed; the rest stays."""

    owner = Text(required=False, max_length=120)
    description = Text(required=False, allow_blank=True, max_length=MAX_TEXT)
    example = Json(required=False, allow_null=True)
    private = Flag(required=False)
    lifecycle = Choice(Lifecycle.choices, required=False)


class EventTypeParameters(SearchParameters):
    """How event types are listed."""

    owner = Text(required=False, max_length=120)
    lifecycle = Choice(Lifecycle.choices, required=False)
    ordering = ordering("name", "created")
