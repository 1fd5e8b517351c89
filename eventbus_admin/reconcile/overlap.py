"""How a rotation stands, for pages and answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from eventbus_admin.broker.factory import is_mock
from eventbus_admin.reconcile.models import CredentialUse
from eventbus_admin.registry.models import Credential, Service
from eventbus_admin.registry.querysets import CredentialQuerySet


@dataclass(frozen=True)
class Side:
    """One of the two users."""

    credential: Credential
    use: CredentialUse | None
    """What was seen of it; nothing when nobody has looked since it was issued."""

    @property
    def connections(self) -> int | None:
        """How many there were at the last look."""
        return self.use.connections if self.use else None

    @property
    def ever(self) -> bool:
        """Whether it was ever seen connected."""
        return self.use is not None and self.use.ever


@dataclass(frozen=True)
class Overlap:
    """A rotation that goes on."""

    old: Side
    new: Side
    began: datetime
    deadline: datetime
    """From then on it needs a person."""

    @property
    def sides(self) -> tuple[tuple[str, Side], tuple[str, Side]]:
        """Both, each with what it is called."""
        return ("Old", self.old), ("New", self.new)

    @property
    def overdue(self) -> bool:
        """Whether it goes on for longer than it should."""
        return timezone.now() >= self.deadline

    @property
    def sentence(self) -> str:
        """How it stands and what is next."""
        late = f"It goes on for more than {_days()}. " if self.overdue else ""
        return late + self._next()

    def _next(self) -> str:
        if is_mock():
            return (
                "The embedded broker knows no users, so nobody can tell which one is used. End the "
                "overlap when all workers have the new secret."
            )
        if self.old.use is None or self.new.use is None:
            return "Nobody has looked at the connections yet."
        if not self.new.ever:
            return (
                "Nobody has connected with the new one yet. Give it to the workers and restart "
                "them one by one."
            )
        if self.old.connections:
            return (
                f"{_counted(self.old.connections)} still {_use(self.old.connections)} the old one. "
                "Restart what is left with the new one."
            )
        quiet = settings.EVENTBUS_ROTATION_QUIET_SECONDS
        return (
            "Nobody uses the old one any more. It is revoked by itself when that has been so for "
            f"{quiet} s."
        )


def overlap_of(service: Service) -> Overlap | None:
    """Return the rotation of a service's credentials that goes on, or nothing."""
    old = service.credentials.leaving().with_related().select_related("use").first()
    if old is None:
        return None
    new = service.credentials.live().exclude(pk=old.pk).with_related().select_related("use").get()
    began = old.leaving or old.issued
    return Overlap(_side(old), _side(new), began, began + _time())


def overdue(credentials: CredentialQuerySet) -> CredentialQuerySet:
    """Keep the old ones of rotations that go on for longer than they should."""
    return credentials.leaving().filter(leaving__lte=timezone.now() - _time())


def _side(credential: Credential) -> Side:
    use: CredentialUse | None = getattr(credential, "use", None)
    return Side(credential, use if use and use.issued == credential.issued else None)


def _time() -> timedelta:
    return timedelta(days=settings.EVENTBUS_ROTATION_DAYS)


def _days() -> str:
    days = settings.EVENTBUS_ROTATION_DAYS
    return f"{days} day{'' if days == 1 else 's'}"


def _counted(number: int) -> str:
    return f"{number} connection{'' if number == 1 else 's'}"


def _use(number: int) -> str:
    return "uses" if number == 1 else "use"
