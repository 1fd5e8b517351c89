"""How a rotation of credentials stands."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Moment
from eventbus_admin.broker.users import current_login
from eventbus_admin.reconcile.overlap import Overlap, Side

STATES = [("none", "No rotation"), ("overlap", "Both work"), ("overdue", "Needs a person")]
_CONNECTIONS = {
    "count": 2,
    "hosts": ["10.0.0.5", "10.0.0.6"],
    "since": "2026-11-23T18:39:11.034Z",
    "ever": True,
    "observed_at": "2026-11-23T18:52:40.117Z",
}
EXAMPLE = {
    "state": "overlap",
    "message": "2 connections still use the old one. Restart what is left with the new one.",
    "began": "2026-11-23T18:51:02.560Z",
    "deadline": "2026-11-30T18:51:02.560Z",
    "old": {"slot": "a", "login": "bus__crossref-exporter__a", "connections": _CONNECTIONS},
    "new": {
        "slot": "b",
        "login": "bus__crossref-exporter__b",
        "connections": {**_CONNECTIONS, "count": 1, "hosts": ["10.0.0.7"]},
    },
}


class ConnectionsOut(serializers.Serializer[Any]):
    """Who was connected with a credential at the last look."""

    count = serializers.IntegerField(source="connections")
    hosts = serializers.ListField(
        child=serializers.CharField(), help_text="Where from; the first 20."
    )
    since = Moment(help_text="Since when it is connected, or since when it is not.")
    ever = serializers.BooleanField(help_text="Whether it was connected since it was issued.")
    observed_at = Moment(help_text="When somebody looked; every 5 s while a rotation goes on.")


class SideOut(serializers.Serializer[Any]):
    """One of the two credentials."""

    slot = serializers.CharField(source="credential.slot")
    login = serializers.SerializerMethodField(help_text="What the broker calls the user.")
    connections = ConnectionsOut(
        source="use", allow_null=True, help_text="Null when nobody has looked yet."
    )

    def get_login(self, side: Side) -> str:
        """Return the name."""
        return current_login(side.credential.user)


class RotationOut(serializers.Serializer[Any]):
    """How a rotation stands."""

    state = serializers.ChoiceField(STATES)
    message = serializers.CharField(help_text="How it stands and what is next.")
    began = Moment(allow_null=True)
    deadline = Moment(allow_null=True, help_text="From then on it needs a person.")
    old = SideOut(allow_null=True, help_text="The one that is to go.")
    new = SideOut(allow_null=True)


def shown(overlap: Overlap | None, service: str) -> dict[str, Any]:
    """Return what is answered about a service's rotation."""
    if overlap is None:
        message = f"No rotation of {service}'s credentials goes on."
        nothing = dict.fromkeys(("began", "deadline", "old", "new"))
        return {"state": "none", "message": message, **nothing}
    return {
        "state": "overdue" if overlap.overdue else "overlap",
        "message": overlap.sentence,
        "began": overlap.began,
        "deadline": overlap.deadline,
        "old": overlap.old,
        "new": overlap.new,
    }
