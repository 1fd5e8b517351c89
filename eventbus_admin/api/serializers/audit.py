"""The audit trail."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Json, Moment, Text
from eventbus_admin.api.serializers.base import SearchParameters

EXAMPLE = {
    "id": 512,
    "at": "2026-11-23T18:39:11.034Z",
    "group": "5b1f0a52-8f3c-4c52-9d8f-0d1f6f0a7c11",
    "actor": "mia",
    "verb": "paused",
    "kind": "subscription",
    "object": "exportRequested/export-manager",
    "before": {"state": "active"},
    "after": {"state": "paused"},
}


class AuditOut(serializers.Serializer[Any]):
    """Something that somebody did."""

    id = serializers.IntegerField()
    at = Moment()
    group = serializers.UUIDField(help_text="The id of the request or run that did it.")
    actor = serializers.CharField(source="actor_name", help_text="A person, a service, or system.")
    verb = serializers.CharField()
    kind = serializers.CharField(source="object_kind", help_text="Of what it was done to.")
    object = serializers.CharField(source="object_name", help_text="What it was done to.")
    before = Json(allow_null=True, help_text="What changed, as it was.")
    after = Json(allow_null=True, help_text="What changed, as it is.")


class AuditParameters(SearchParameters):
    """How the trail is listed."""

    kind = Text(required=False, max_length=40)
    object = Text(required=False, max_length=255)
    actor = Text(required=False, max_length=150)
    verb = Text(required=False, max_length=60)
    group = serializers.UUIDField(required=False)
    since = Moment(required=False, help_text="From this time on.")
    until = Moment(required=False, help_text="Before this time.")
    ordering = Choice([("-at",) * 2, ("at",) * 2], required=False, default="-at")
