"""The map."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Moment, Text
from eventbus_admin.api.serializers.base import MAX_SEARCH, Parameters
from eventbus_admin.map.graph import Kind, Standing, State
from eventbus_admin.map.narrowing import LIMIT

MOST = 2_000
_NODE = "<kind>:<name>, as in `service:meca-exporter`."
EXAMPLE = {
    "observed_at": "2026-11-23T18:39:11.034Z",
    "journal_since": "2026-11-16T18:39:10.112Z",
    "nodes_left_out": 0,
    "edges_left_out": 0,
    "nodes": [
        {
            "id": "type:exportRequested",
            "kind": "type",
            "name": "exportRequested",
            "owner": "Exports",
            "registered": True,
            "standing": "known",
            "state": "in_order",
            "reasons": [],
            "per_minute": 12.4,
            "waiting": 3,
            "dead_letters": 0,
            "workers": 0,
        },
        {
            "id": "service:export-manager",
            "kind": "service",
            "name": "export-manager",
            "owner": "Exports",
            "registered": True,
            "standing": "ghost",
            "state": "needs_a_look",
            "reasons": ["No worker of it is at work, and nobody reads its queues."],
            "per_minute": 0.0,
            "waiting": 3,
            "dead_letters": 0,
            "workers": 0,
        },
    ],
    "edges": [
        {
            "from": "type:exportRequested",
            "to": "service:export-manager",
            "kind": "subscription",
            "standing": "ghost",
            "state": "needs_a_look",
            "reasons": ["export-manager has no worker; 3 events wait."],
            "per_minute": 12.4,
            "waiting": 3,
            "dead_letters": 0,
            "consumers": 0,
            "last_published": None,
        }
    ],
}


class MapParameters(Parameters):
    """Which part of the map is wanted."""

    focus = Text(
        required=False, max_length=255, help_text=f"One node and what it is joined to: {_NODE}"
    )
    owner = Text(
        required=False,
        max_length=120,
        help_text="A team: what it owns, and what this is joined to.",
    )
    search = Text(
        required=False,
        allow_blank=True,
        max_length=MAX_SEARCH,
        help_text="Every word of it must occur in a name; with what these are joined to.",
    )
    problems = serializers.BooleanField(
        required=False, default=False, help_text="Only what needs somebody."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=2,
        max_value=MOST,
        default=LIMIT,
        help_text="So many nodes at most: problems first, then where most flows.",
    )


class _OnMap(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(
        [(one.value,) * 2 for one in Standing],
        help_text="`ghost`: declared, nobody connected. `stranger`: connected, not declared.",
    )
    state = serializers.ChoiceField([(one.value,) * 2 for one in State])
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Sentences.")
    per_minute = serializers.SerializerMethodField(
        help_text="Events a minute, the mean of the last five."
    )
    waiting = serializers.IntegerField()
    dead_letters = serializers.IntegerField(source="dead")

    def get_per_minute(self, one: Any) -> float:
        """Return the rate, no more exact than it is known."""
        return round(float(one.rate), 2)


class MapNodeOut(_OnMap):
    """A service, an event type, or a queue or exchange that takes our events and is not ours."""

    id = serializers.CharField(help_text=_NODE)
    kind = serializers.ChoiceField([(kind.value,) * 2 for kind in Kind])
    name = serializers.CharField()
    owner = serializers.CharField(help_text="The team; empty of what nobody registered.")
    registered = serializers.BooleanField()
    workers = serializers.IntegerField(help_text="Processes that announced themselves lately.")


class MapEdgeOut(_OnMap):
    """Events of one type on their way."""

    to = serializers.CharField(source="target", help_text=_NODE)
    kind = serializers.SerializerMethodField()
    consumers = serializers.IntegerField(
        allow_null=True, help_text="Of the queue; null where there is no subscription."
    )
    last_published = Moment(
        source="last", allow_null=True, help_text="As far back as the journal reaches."
    )

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        begins = serializers.CharField(source="source", help_text=_NODE)
        return {"from": begins, **super().get_fields()}

    def get_kind(self, edge: Any) -> str:
        """Return which way it leads: `publication` or `subscription`."""
        return "publication" if edge.publishes else "subscription"


class MapOut(serializers.Serializer[Any]):
    """Services, event types and what flows between them."""

    observed_at = Moment(allow_null=True, help_text="When queues were last looked at.")
    journal_since = Moment(allow_null=True, help_text="How far back the journal reaches.")
    nodes_left_out = serializers.IntegerField(source="left_out", help_text="Beyond the limit.")
    edges_left_out = serializers.IntegerField(help_text="Of those between the nodes here.")
    nodes = MapNodeOut(many=True)
    edges = MapEdgeOut(many=True)
