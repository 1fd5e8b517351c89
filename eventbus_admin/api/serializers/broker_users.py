"""Users of the broker that the registry does not know."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Moment, Text
from eventbus_admin.api.serializers.base import Strict

MAX_USER = 140
USER = "bus__meca-exporter__a"
EXAMPLE = {"user": USER, "since": "2026-11-23T18:39:11.034Z"}


class UserRemoval(Strict):
    """A word against slips of the hand."""

    confirm = Text(max_length=MAX_USER, help_text="The user's name once more.")


class UnwantedUserOut(serializers.Serializer[Any]):
    """A user that goes, and stays away."""

    user = serializers.CharField(source="name")
    since = Moment(help_text="When this was asked for.")
