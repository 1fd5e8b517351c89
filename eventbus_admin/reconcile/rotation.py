"""Ending a rotation when nobody uses the old user any more; the leader looks who is connected.

It is looked for again and again, and only what was seen counts: when nobody looked for a while, the
quiet time begins anew. Until the new user has been connected once, the old one stays: the new
secret may not have reached anybody.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.models import CredentialUse
from eventbus_admin.registry.actions import end_rotation
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Credential

EVERY_SECONDS = 5.0
GAP = timedelta(seconds=30)
"""After so long without a look nobody knows what happened meanwhile."""
HOSTS = 20
"""So many hosts are kept by name."""

Overlap = tuple[Credential, Credential]
"""The one that is to leave and the one that stays."""

logger = structlog.get_logger(__name__)


class Rotations:
    """Watches the rotations that go on, as long as this process leads."""

    def __init__(self, broker: Broker, leadership: Leadership) -> None:
        self._broker = broker
        self._leadership = leadership

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop, on the calling thread."""
        try:
            while not stop.wait(EVERY_SECONDS):
                close_old_connections()
                self.turn()
        finally:
            connection.close()

    def turn(self) -> None:
        """Look once, if this process leads and any rotation goes on."""
        fence = self._leadership.fence
        if fence is None:
            return
        try:
            for old, new in overlaps():
                self._watch(fence, old, new)
        except BrokerError as error:
            logger.warning("connections not read", reason=str(error))
        except LeaseLost as error:
            logger.info("leadership lost", reason=str(error))

    def _watch(self, fence: Fence, old: Credential, new: Credential) -> None:
        # The old one last: what is decided is about it.
        fresh, hosts = (self._broker.connections(one.user) for one in (new, old))
        now = timezone.now()
        known = CredentialUse.objects.in_bulk([old.pk, new.pk])
        uses = [
            use_of(one, known.get(one.pk), seen, now) for one, seen in ((old, hosts), (new, fresh))
        ]
        with transaction.atomic():
            fence.hold()
            _save(uses)
            if is_over(*uses, now=now):
                _end(old)


def overlaps() -> list[Overlap]:
    """Return the rotations that go on, in two queries."""
    found: defaultdict[int, list[Credential]] = defaultdict(list)
    services = Credential.objects.leaving().order_by().values("service")
    for one in Credential.objects.live().filter(service__in=services).with_related():
        found[one.service_id].append(one)
    pairs = (sorted(both, key=lambda one: one.leaving is None) for both in found.values())
    return [(both[0], both[1]) for both in pairs if len(both) == 2]


def use_of(
    credential: Credential, before: CredentialUse | None, hosts: Iterable[str], now: datetime
) -> CredentialUse:
    """Return who uses a credential, from what was seen before and what is seen now."""
    hosts = tuple(hosts)
    if before is not None and before.issued != credential.issued:
        before = None
    same = before is not None and bool(before.connections) == bool(hosts)
    unseen = before is None or (not hosts and now - before.observed_at > GAP)
    return CredentialUse(
        credential=credential,
        issued=credential.issued,
        connections=len(hosts),
        hosts=sorted(set(hosts))[:HOSTS],
        since=before.since if before is not None and same and not unseen else now,
        ever=bool(hosts) or (before is not None and before.ever),
        observed_at=now,
    )


def is_over(old: CredentialUse, new: CredentialUse, *, now: datetime) -> bool:
    """Whether the old one may go: the new one was used, and the old one not for long enough."""
    quiet = timedelta(seconds=settings.EVENTBUS_ROTATION_QUIET_SECONDS)
    return new.ever and not old.connections and now - old.since >= quiet


def _save(uses: Iterable[CredentialUse]) -> None:
    CredentialUse.objects.bulk_create(
        uses,
        update_conflicts=True,
        unique_fields=("credential",),
        update_fields=("issued", "connections", "hosts", "since", "ever", "observed_at"),
    )


def _end(old: Credential) -> None:
    quiet = settings.EVENTBUS_ROTATION_QUIET_SECONDS
    try:
        end_rotation(
            actor=SYSTEM,
            service=old.service,
            old=old,
            why=f"the new one is in use, and this one was not for {quiet} s",
        )
    except ActionError as error:
        logger.info("rotation ended otherwise", reason=error.message)
        return
    logger.info("rotation ended", user=old.user)
