"""The journal's events, and test events."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Json, JsonObject, Name, Text
from eventbus_admin.api.serializers.base import SearchParameters, Strict

EXAMPLE = {
    "id": "exportRequested_4f0c8a5e-1f3a-4f57-8f0c-0c3f5b9f7a11",
    "type": "exportRequested",
    "source": "submission",
    "created": "2026-11-23T18:39:11.034Z",
    "seen": "2026-11-23T18:39:11.041Z",
    "correlation_id": "exportRequested_4f0c8a5e-1f3a-4f57-8f0c-0c3f5b9f7a11",
    "causation_id": "",
    "summary": '{"journal": "elife"}',
    "hidden": False,
    "outcomes": [
        {
            "service": "export-manager",
            "outcome": "handled",
            "attempts": 1,
            "error": "",
            "at": "2026-11-23T18:39:11.060Z",
        }
    ],
}
DETAIL_EXAMPLE = {**EXAMPLE, "payload": {"journal": "elife"}, "headers": {"ce-specversion": "1.0"}}
TEST_EXAMPLE = {
    "id": "exportRequested_0b5d1d7e-52c0-4b8f-8d3e-5f1f6a7c9e11",
    "type": "exportRequested",
    "to": "export-manager",
    "queue": "consumer__exportRequested__export-manager",
}
OUTCOMES = [(name, name) for name in ("handled", "retried", "dead", "returned")]


class OutcomeOut(serializers.Serializer[Any]):
    """What one service last did with the event."""

    service = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)
    attempts = serializers.IntegerField()
    error = serializers.CharField()
    at = serializers.DateTimeField()


class EventOut(serializers.Serializer[Any]):
    """An event and what became of it."""

    id = serializers.CharField()
    type = serializers.CharField()
    source = serializers.CharField(help_text="The service that published it, as it says itself.")  # type: ignore[assignment]
    created = serializers.DateTimeField()
    seen = serializers.DateTimeField()
    correlation_id = serializers.CharField()
    causation_id = serializers.CharField()
    summary = serializers.CharField(help_text="The payload in a line.")
    hidden = serializers.BooleanField(
        help_text="Whether payload, headers and errors are kept from you; then they are empty."
    )
    outcomes = OutcomeOut(many=True)


class EventDetailOut(EventOut):
    """An event with everything that is known of it."""

    payload = Json(allow_null=True)
    headers = serializers.DictField()


class EventParameters(SearchParameters):
    """How events are listed."""

    type = Name(required=False)
    service = Name(required=False, help_text="That published it, or did something with it.")
    source = Text(required=False, max_length=120)  # type: ignore[assignment]
    correlation_id = Text(required=False, max_length=255)
    ordering = Choice([("-seen",) * 2, ("seen",) * 2], required=False, default="-seen")


class NewTestEvent(Strict):
    """An event for one service only."""

    to = Name(help_text="The service that gets it.")
    payload = JsonObject()


class TestEventOut(serializers.Serializer[Any]):
    """What was sent."""

    id = serializers.CharField()
    type = serializers.CharField()
    to = serializers.CharField()
    queue = serializers.CharField()
