"""Who may read the metrics: whoever may read everything else, and Prometheus with its own token.

They name services, event types and hosts, so a stranger gets nothing, whatever address he comes
from: behind a proxy everybody comes from the same one.
"""

import hmac

from django.conf import settings
from django.http import HttpRequest

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.policies import OWN_ONLY, YES, Decision, Rights
from eventbus_admin.accounts.tokens import TokenRefused, note_use, recognise

SCHEMES = frozenset({"bearer", "token"})


class NobodyKnown(Exception):
    """Who asks has not said who it is, or is not believed; the text says how to."""


def decision(request: HttpRequest) -> Decision:
    """Return whether who asks may read; raises `NobodyKnown`."""
    header = request.headers.get("Authorization")
    if header is not None:
        return _of_header(header)
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        raise NobodyKnown(
            "Sign in to the console, or send “Authorization: Bearer …” with EVENTBUS_METRICS_TOKEN "
            "or an API token of the scope read."
        )
    return Rights(Actor.person(user)).can_view()


def _of_header(header: str) -> Decision:
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    if scheme.lower() not in SCHEMES or not text:
        raise NobodyKnown("Write the header as “Authorization: Bearer <token>”.")
    own = str(settings.EVENTBUS_METRICS_TOKEN)
    if own and hmac.compare_digest(own.encode(), text.encode()):
        return YES
    try:
        token = recognise(text)
    except TokenRefused as error:
        raise NobodyKnown(str(error)) from error
    note_use(token)
    if token.user is None:
        return OWN_ONLY
    if TokenScope.READ not in token.scopes:
        return Decision(allowed=False, why_not="This token lacks the scope read.")
    return Rights(Actor.person(token.user)).can_view()
