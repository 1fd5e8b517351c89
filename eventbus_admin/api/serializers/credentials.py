"""A service's credentials on the broker."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Moment
from eventbus_admin.api.serializers.base import ListParameters, Strict
from eventbus_admin.broker.users import current_login

EXAMPLE = {
    "slot": "a",
    "login": "bus__crossref-exporter__a",
    "issued": "2026-11-23T18:39:11.034Z",
    "revoked": None,
}
NEW_EXAMPLE = {
    **EXAMPLE,
    "secret": "(shown once)",
    "url": "amqps://bus__crossref-exporter__a:(shown once)@rabbitmq.example.org",
}
_ONCE = "Shown in this answer only; null when the request was sent again."


class CredentialOut(serializers.Serializer[Any]):
    """One of a service's two users on the broker, without its secret."""

    slot = serializers.CharField(help_text="Which of the two.")
    login = serializers.SerializerMethodField(help_text="What the broker calls the user.")
    issued = Moment()
    revoked = Moment(allow_null=True)

    def get_login(self, credential: Any) -> str:
        """Return the name."""
        return current_login(credential.user)


class NewCredentialOut(CredentialOut):
    """Credentials as they are shown once."""

    secret = serializers.CharField(allow_null=True, help_text=_ONCE)
    url = serializers.CharField(allow_null=True, help_text=f"What to connect to. {_ONCE}")


class NewCredential(Strict):
    """How they are to be issued."""

    anew = Choice(
        [("replace", "The old ones end at once"), ("beside", "The old ones stay until revoked")],
        required=False,
        help_text="Where there are some already: in their place, or beside them.",
    )


class CredentialParameters(ListParameters):
    """How credentials are listed."""

    ordering = Choice([("slot",) * 2, ("-slot",) * 2], required=False, default="slot")
