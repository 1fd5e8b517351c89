"""What a leader stored last: what it finds the same again, it need not look up in the database.

Only who leads writes these rows, so they are as the leader left them; a new one reads them once.
"""

from dataclasses import dataclass, field

from eventbus_admin.reconcile.models import BrokerObject, SubscriptionStatus
from eventbus_admin.reconcile.objects import Key, ObjectKind
from eventbus_admin.reconcile.plan import Item
from eventbus_admin.reconcile.status import Status


@dataclass
class Stored:
    """Rows as they are in the database, each with what it was made from, if that is known."""

    broker_id: str = ""
    objects: dict[Key, tuple[Item | None, BrokerObject]] | None = None
    """Nothing as long as they were not read or written."""
    statuses: dict[int, tuple[Status | None, SubscriptionStatus]] = field(default_factory=dict)

    def take(self) -> "Stored":
        """Return what is known, reading it if nothing is, and forget it until it is kept again.

        What breaks off between the two may have written or not.
        """
        if self.objects is None:
            taken = Stored(
                objects={_key(one): (None, one) for one in BrokerObject.objects.all()},
                statuses={one.pk: (None, one) for one in SubscriptionStatus.objects.all()},
            )
        else:
            taken = Stored(self.broker_id, self.objects, self.statuses)
        self.forget()
        return taken

    def keep(self, stored: "Stored") -> None:
        """Know this from now on."""
        self.broker_id, self.objects, self.statuses = (
            stored.broker_id,
            stored.objects,
            stored.statuses,
        )

    def forget(self) -> None:
        """Know nothing any more."""
        self.broker_id, self.objects, self.statuses = "", None, {}


def _key(row: BrokerObject) -> Key:
    return ObjectKind(row.kind), row.name
