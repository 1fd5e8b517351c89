"""Teams and tokens."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import ListParameters, SearchParameters, Strict, ordering

TEAM_EXAMPLE = {
    "name": "Exports",
    "description": "Decides what is exported where.",
    "contact": "exports@example.org",
    "members": ["mia", "otto"],
    "created": "2026-11-23T18:39:11.034Z",
}
TOKEN_EXAMPLE = {
    "prefix": "k3v9x0q2ab",
    "name": "Deployment of the exporters",
    "scopes": ["read", "write"],
    "user": "mia",
    "service": None,
    "created": "2026-11-23T18:39:11.034Z",
    "expires": "2027-11-23T18:39:11.034Z",
    "revoked": None,
    "last_used": None,
}
NEW_TOKEN_EXAMPLE = {**TOKEN_EXAMPLE, "token": "k3v9x0q2ab.(shown once)"}


class TeamOut(serializers.Serializer[Any]):
    """A group of people who own services and event types."""

    name = serializers.CharField()
    description = serializers.CharField()
    contact = serializers.CharField()
    members = serializers.SerializerMethodField()
    created = Moment()

    def get_members(self, team: Any) -> list[str]:
        """Return the user names."""
        return sorted(user.username for user in team.members.all())


class TeamParameters(SearchParameters):
    """How teams are listed."""

    ordering = ordering("name")


class TokenOut(serializers.Serializer[Any]):
    """A token, without its secret."""

    prefix = serializers.CharField(help_text="Its id.")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(TokenScope.choices))
    user = serializers.CharField(source="user.username", default=None, allow_null=True)
    service = serializers.SerializerMethodField()
    created = Moment()
    expires = Moment(allow_null=True)
    revoked = Moment(allow_null=True)
    last_used = Moment(allow_null=True, help_text="To the minute.")

    def get_service(self, token: Any) -> str | None:
        """Return the service that owns it, if one does."""
        return token.service or None


class NewTokenOut(TokenOut):
    """A token as it is shown once."""

    token = serializers.CharField(
        allow_null=True,
        help_text="Shown in this answer only; null when the request was sent again.",
    )


class NewToken(Strict):
    """What a token is to be."""

    name = Text(max_length=120, help_text="What it is for.")
    scopes = serializers.ListField(
        child=Choice(TokenScope.choices), min_length=1, max_length=len(TokenScope)
    )
    expires = Moment(required=False, allow_null=True)
    service = Name(required=False, help_text="Whose it is to be, instead of yours.")


class TokenParameters(ListParameters):
    """How tokens are listed."""

    service = Name(required=False)
    user = Text(required=False, max_length=150)
    ordering = Choice([("-created",) * 2, ("created",) * 2], required=False, default="-created")
