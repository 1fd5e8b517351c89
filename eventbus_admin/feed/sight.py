"""`SocketSight`: what the person at one socket is shown, as it is now."""

import time

from channels.db import database_sync_to_async
from django.db import Error

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.journal.sight import NOTHING_SHOWN, Sight
from eventbus_admin.payloads.policy import sight_of

FRESH_SECONDS = 3.0
"""A right that was given or taken, and a reveal that is over, count after so long at the latest."""
STALE_SECONDS = 30.0
"""While the database is away nothing is shown after so long."""


class SocketSight:
    """Asks when something is to be shown, and not more often than every 3 s."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._read_at = float("-inf")
        self._sight = NOTHING_SHOWN

    async def now(self) -> Sight:
        """Return what is shown now; raises a database's error the first time only."""
        age = time.monotonic() - self._read_at
        if age < FRESH_SECONDS:
            return self._sight
        try:
            self._sight = await database_sync_to_async(_read)(self._user.pk)
            self._read_at = time.monotonic()
        except Error:
            if self._read_at == float("-inf"):
                raise
            if age > STALE_SECONDS:
                self._sight = NOTHING_SHOWN
        return self._sight


def _read(pk: int) -> Sight:
    # The person anew: a role may have changed, an account may have been switched off.
    user = User.objects.filter(pk=pk).first()
    return sight_of(Actor.person(user)) if user else NOTHING_SHOWN
