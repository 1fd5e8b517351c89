"""Reads of dead letters: who may see which, and which are meant."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from eventbus_admin.accounts.actor import ServiceAccount, Viewer
from eventbus_admin.accounts.policies import may_read
from eventbus_admin.journal.sight import Sight
from eventbus_admin.registry.querysets import RegistryQuerySet

if TYPE_CHECKING:
    from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun  # noqa: F401

HEAVY = ("body", "properties", "error")
MAX_TEXT = 255


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which dead letters are meant; what is left empty lets all through."""

    service: str = ""
    event_type: str = ""
    cause: int | None = None
    reason: str = ""
    text: str = ""
    """Occurs in the error or in the event's id."""
    since: datetime | None = None
    """Gave up then or later."""

    @classmethod
    def within(cls, hours: float, **others: Any) -> Self:
        """Return the filter for what gave up in the last hours."""
        return cls(since=timezone.now() - timedelta(hours=hours), **others)

    def __bool__(self) -> bool:
        return self != Wanted()

    @property
    def words(self) -> str:
        """Say what is meant, for a person."""
        said = {name: value for name, value in asdict(self).items() if value}
        if since := said.get("since"):
            said["since"] = f"{since:%Y-%m-%d %H:%M} UTC"
        named = [f"{name.replace('_', ' ')} {value}" for name, value in said.items()]
        return ", ".join(named) or "all that wait"


class DeadLetterQuerySet(RegistryQuerySet["DeadLetter"]):
    """Reads of dead letters; one belongs to its service's team."""

    owner_path = "service__owner"

    def waiting(self) -> Self:
        """Keep those that wait for a person."""
        return self.filter(state="waiting")

    def matching(self, wanted: Wanted, *, sight: Sight) -> Self:
        """Keep those that are meant; an error that is hidden matches no text."""
        given = {
            "service__name": wanted.service,
            "event_type": wanted.event_type,
            "cause": wanted.cause,
            "reason": wanted.reason,
            "died__gte": wanted.since,
        }
        found = self.filter(**{name: value for name, value in given.items() if value})
        if text := wanted.text.replace("\0", "").strip()[:MAX_TEXT]:
            in_error = Q(error__icontains=text) & sight.condition("event_type")
            found = found.filter(in_error | Q(event_id__icontains=text))
        return found

    def light(self) -> Self:
        """Leave the body and other long texts in the database; fetch along what lists show."""
        return self.defer(*HEAVY).select_related("service__owner", "cause")


class CauseQuerySet(RegistryQuerySet["Cause"]):
    """Reads of causes."""

    owner_path = "service__owner"

    def behind(self, letters: DeadLetterQuerySet) -> Self:
        """Keep the causes of these dead letters, without counting those."""
        return self.filter(Exists(letters.order_by().filter(cause=OuterRef("pk"))))

    def of(self, letters: DeadLetterQuerySet) -> Self:
        """Keep the causes of these dead letters, each with `count`, `first` and `last`."""
        return self.filter(letters__in=letters.order_by().values("pk")).annotate(
            count=Count("letters"), first=Min("letters__died"), last=Max("letters__died")
        )


class RetryRunQuerySet(QuerySet["RetryRun"]):
    """Reads of runs."""

    def visible_to(self, user: Viewer) -> Self:
        """Keep what this request's user may see; a service sees none."""
        if isinstance(user, ServiceAccount) or not may_read(user):
            return self.none()
        return self.all()

    def active(self) -> Self:
        """Keep those that the worker process has something to do for."""
        return self.filter(state__in=("queued", "running"))
