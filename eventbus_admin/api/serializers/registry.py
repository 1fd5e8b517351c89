"""The registry as code."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Text
from eventbus_admin.api.serializers.base import Parameters, Strict
from eventbus_admin.registry.as_code.document import Kind
from eventbus_admin.registry.as_code.plan import Plan, Verb
from eventbus_admin.registry.as_code.showing import text_of

YAML = "application/yaml"
DOCUMENT_EXAMPLE = {
    "version": 1,
    "teams": {"Exports": {"contact": "exports@example.org"}},
    "event_types": {"exportRequested": {"owner": "Exports", "lifecycle": "active"}},
    "services": {
        "meca-exporter": {
            "owner": "Exports",
            "kind": "internal",
            "subscribes": {
                "exportRequested": {
                    "state": "active",
                    "kind": "quorum",
                    "attempts": 10,
                    "delays_ms": [1000, 60000, 600000],
                }
            },
        }
    },
}
TEXT_EXAMPLE = "version: 1\nservices:\n  meca-exporter:\n    contact: meca@example.org\n"
PLAN_ID = "7f3a91c04be2d615"
PLAN_EXAMPLE = {
    "id": PLAN_ID,
    "revision": 118,
    "counts": {"create": 0, "change": 1, "retire": 0},
    "changes": [
        {
            "verb": "change",
            "kind": "service",
            "name": "meca-exporter",
            "before": {"contact": ""},
            "after": {"contact": "meca@example.org"},
        }
    ],
    "notes": [],
    "diff": "change service meca-exporter\n    - contact: ''\n    + contact: meca@example.org\n"
    "1 to change.",
}


@extend_schema_field(
    {
        "oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {}}],
        "description": "YAML as one text, so that mistakes are told with their lines, or the same "
        "as JSON.",
    }
)
class SentDocument(serializers.JSONField):
    """A document, as text or as values."""

    default_error_messages = {"invalid_document": "Send YAML as a text, or a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        """Return it unread."""
        if not isinstance(data, str | dict):
            self.fail("invalid_document")
        return data


class DocumentParameters(Parameters):
    """In which form the registry is written."""

    format = Choice([("json",) * 2, ("yaml",) * 2], required=False, default="json")


class PlannedImport(Strict):
    """What an import would be of."""

    document = SentDocument()
    prune = serializers.BooleanField(
        required=False, default=False, help_text="Retire what the document leaves out."
    )


class NewImport(PlannedImport):
    """What is to be imported."""

    plan = Text(max_length=64, help_text="The plan's `id`; 409 when it is another one by now.")


class DocumentOut(serializers.Serializer[Any]):
    """What the registry says."""

    version = serializers.IntegerField(help_text="Of the format.")
    teams = serializers.DictField(child=serializers.DictField())
    event_types = serializers.DictField(child=serializers.DictField())
    services = serializers.DictField(child=serializers.DictField())


class ChangeOut(serializers.Serializer[Any]):
    """One thing that is made, changed or retired."""

    verb = serializers.ChoiceField([(verb.value,) * 2 for verb in Verb])
    kind = serializers.ChoiceField([(kind.value,) * 2 for kind in Kind])
    name = serializers.CharField()
    before = serializers.DictField(allow_null=True, help_text="Null of something new.")
    after = serializers.DictField()


class CountsOut(serializers.Serializer[Any]):
    """Changes by verb."""

    create = serializers.IntegerField()  # type: ignore[assignment]
    change = serializers.IntegerField()
    retire = serializers.IntegerField()


class ImportPlanOut(serializers.Serializer[Any]):
    """What an import would do, or did."""

    id = serializers.CharField(help_text="For `registry/import/`.")
    revision = serializers.IntegerField(help_text="Of the registry that it was compared with.")
    counts = CountsOut()
    changes = ChangeOut(many=True)
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What stays although one might expect otherwise."
    )
    diff = serializers.SerializerMethodField(help_text="All of it as a text to read.")

    def get_diff(self, plan: Plan) -> str:
        """Return the text."""
        return text_of(plan)
