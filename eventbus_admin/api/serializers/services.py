"""Services."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import SearchParameters, Strict, ordering
from eventbus_admin.api.serializers.event_types import MAX_TEXT
from eventbus_admin.registry.states import ServiceKind
from eventbus_admin.registry.validation import MAX_CONTACT

EXAMPLE = {
    "name": "meca-exporter",
    "description": "Writes a MECA archive and sends it off.",
    "kind": "internal",
    "owner": "Exports",
    "contact": "exports@example.org",
    "subscription_count": 1,
    "publication_count": 1,
    "created": "2026-11-23T18:39:11.034Z",
    "changed": "2026-11-23T18:39:11.034Z",
}


class ServiceOut(serializers.Serializer[Any]):
    """A kind of process; all its instances share its queues."""

    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(ServiceKind.choices)
    owner = serializers.CharField(source="owner.name", help_text="The team that owns it.")
    contact = serializers.CharField(help_text="An e-mail address, or nothing.")
    subscription_count = serializers.IntegerField(help_text="Live subscriptions.")
    publication_count = serializers.IntegerField(help_text="Event types that it may publish.")
    created = Moment()
    changed = Moment()


class NewService(Strict):
    """A new service."""

    name = Name()
    owner = Text(max_length=120, help_text="A team.")
    description = Text(required=False, allow_blank=True, max_length=MAX_TEXT)
    kind = Choice(ServiceKind.choices, required=False)
    contact = Text(required=False, allow_blank=True, max_length=MAX_CONTACT)


class ServiceChange(Strict):
    """What is to be changed; the rest stays."""

    owner = Text(required=False, max_length=120)
    description = Text(required=False, allow_blank=True, max_length=MAX_TEXT)
    contact = Text(required=False, allow_blank=True, max_length=MAX_CONTACT)


class ServiceParameters(SearchParameters):
    """How services are listed."""

    owner = Text(required=False, max_length=120)
    kind = Choice(ServiceKind.choices, required=False)
    ordering = ordering("name", "created")
