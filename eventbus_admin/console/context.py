"""What the frame around every page shows: broker, banners, badges, theme."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.accounts.policies import Decision, Rights
from eventbus_admin.console.looks import BAD, IDLE, OK, WARN
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.models import NOT_DRIFT, Health, ReconcileState
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.states import SubscriptionState

THEMES = ("auto", "light", "dark")
STALE_AFTER = timedelta(seconds=60)
UNWELL = (Health.NO_CONSUMERS, Health.BACKLOG, Health.DEAD_LETTERS)


@dataclass(frozen=True)
class NavItem:
    """A page of the rail."""

    name: str
    icon: str
    url: str
    views: tuple[str, ...]
    badge: int = 0
    badge_says: str = ""


@dataclass(frozen=True)
class Broker:
    """The broker in a few words."""

    tone: str
    name: str
    says: str


class Shell:
    """Read lazily, so that a fragment which shows no frame asks the database nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Return the frame of this request; page and frame then ask for the same things once."""
        shell: Self = request.__dict__.setdefault("shell", cls(request))
        return shell

    @property
    def mock(self) -> bool:
        """Whether the broker is the embedded one."""
        return settings.EVENTBUS_BACKEND == "mock"

    @property
    def theme(self) -> str:
        """The theme that this browser chose; told by cookie, so that no page flashes."""
        theme = self._request.COOKIES.get("theme", "auto")
        return theme if theme in THEMES else "auto"

    @cached_property
    def state(self) -> ReconcileState | None:
        """What the loop knows about the broker, or nothing when it never ran."""
        return ReconcileState.objects.first()

    @cached_property
    def broker(self) -> Broker:
        """The broker's name, version and whether it answers."""
        state = self.state
        embedded = "Embedded broker"
        if state is None or (state.observed_at is None and not state.error):
            name = embedded if self.mock else "RabbitMQ"
            return Broker(IDLE, name, "not read yet: no worker process has looked at it")
        name = embedded if self.mock else f"RabbitMQ {state.broker_version}".strip()
        if not state.reachable:
            return Broker(BAD, name, "does not answer")
        if state.observed_at and timezone.now() - state.observed_at > STALE_AFTER:
            return Broker(WARN, name, "no news for a while")
        return Broker(OK, name, "" if self.mock else state.broker_name)

    @cached_property
    def drift(self) -> int:
        """How many objects on the broker are not as the registry says."""
        counts = self.state.counts if self.state else {}
        return sum(
            number
            for sync, number in counts.items()
            if sync not in NOT_DRIFT and isinstance(number, int)
        )

    @cached_property
    def unwell(self) -> int:
        """How many active subscriptions need somebody to look."""
        return (
            Subscription.objects.visible_to(self._request.user)
            .filter(state=SubscriptionState.ACTIVE, status__health__in=UNWELL)
            .count()
        )

    @cached_property
    def dead_letters(self) -> int:
        """How many dead letters wait for somebody."""
        return DeadLetter.objects.visible_to(self._request.user).waiting().count()

    @cached_property
    def requests(self) -> int:
        """How many requests wait for this person, if it is one who decides."""
        if not self.may_operate:
            return 0
        return AccessRequest.objects.visible_to(self._request.user).waiting().count()

    @cached_property
    def rights(self) -> Rights:
        """What this person may do."""
        return Rights(Actor.person(self._request.user))

    @cached_property
    def may_operate(self) -> Decision:
        """Whether this person may act on everybody's things."""
        return self.rights.can_operate()

    @property
    def initials(self) -> str:
        """Two letters for the user menu."""
        user = self._request.user
        if not isinstance(user, User):
            return ""
        words = (user.get_full_name() or user.get_username()).replace(".", " ").split()
        return "".join(word[0] for word in words[:2]) if len(words) > 1 else words[0][:2]

    @cached_property
    def items(self) -> list[NavItem]:
        """The pages of the rail, with a number where something needs a person."""
        return [
            _item("Overview", "layout-dashboard", "overview"),
            _item("Map", "waypoints", "map"),
            _item("Feed", "radio", "feed"),
            _item("Event types", "shapes", "event-types", "event-type", "event-type-new"),
            _item("Services", "boxes", "services", "service", "service-new"),
            _item(
                "Subscriptions",
                "cable",
                "subscriptions",
                "subscription",
                "subscription-new",
                badge=self.unwell,
                badge_says="need a look",
            ),
            _item(
                "Dead letters",
                "mail-x",
                "dead-letters",
                "dead-letter-cause",
                "dead-letter",
                "dead-letter-edit",
                "retry-run",
                badge=self.dead_letters,
                badge_says="wait for a person",
            ),
            _item(
                "Drift",
                "git-compare-arrows",
                "drift",
                "runs",
                "run",
                "operations",
                "operation",
                "quarantine",
                badge=self.drift,
                badge_says="differ",
            ),
            _item(
                "Integrators",
                "handshake",
                "integrators",
                "request",
                badge=self.requests,
                badge_says="wait for a decision",
            ),
            _item("As code", "file-code", "registry", "registry-plan", "registry-import"),
            _item("Audit", "scroll-text", "audit"),
        ]

    @property
    def here(self) -> str:
        """Name of the view that answers."""
        match = self._request.resolver_match
        return match.url_name or "" if match else ""


def _item(name: str, icon: str, *views: str, badge: int = 0, badge_says: str = "") -> NavItem:
    return NavItem(name, icon, reverse(f"console:{views[0]}"), views, badge, badge_says)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame."""
    return {"shell": Shell.of(request)}
