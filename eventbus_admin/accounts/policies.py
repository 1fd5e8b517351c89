"""Rights: what an actor may do, each answer with the sentence that explains a refusal."""

from dataclasses import dataclass
from functools import cached_property

from eventbus_admin.accounts.actor import Actor, Viewer
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User


@dataclass(frozen=True)
class Decision:
    """Yes, or no with a sentence of why not; true in a condition when it is yes."""

    allowed: bool
    why_not: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise `NotAllowed` with the sentence unless it is yes."""
        if not self.allowed:
            raise NotAllowed(self.why_not)


YES = Decision(allowed=True)
SWITCHED_OFF = Decision(allowed=False, why_not="This account is switched off.")
UNKNOWN = Decision(allowed=False, why_not="Sign in first.")
OWN_ONLY = Decision(allowed=False, why_not="A service's token shows what is the service's own.")


class Rights:
    """What one actor may do; make one per request or action, memberships are read once.

    Every person reads, members of a team edit what it owns, operators do everything, and so does
    the system. A service reads what is its own, and changes nothing but what is for it alone: its
    credentials, and what it asks for. A visitor does nothing.
    """

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def can_view(self) -> Decision:
        """Whether the actor may read all of the registry and of what flows."""
        match self._actor:
            case Actor(is_system=True):
                return YES
            case Actor(user=User(is_active=active)):
                return YES if active else SWITCHED_OFF
            case Actor(service=str(service)) if service:
                return OWN_ONLY
        return UNKNOWN

    def can_add_service(self, team: Team, *, internal: bool) -> Decision:
        """Whether the actor may give this team a service, an internal one or an integrator.

        An internal service declares what it likes on the broker, so people from outside add none.
        """
        if internal and team.is_outside and not self._operates:
            return self._no(
                f"{team.name} is the team of an integrator: only operators may give it internal "
                "services."
            )
        return self.can_edit(team, "add services to it")

    def can_edit(self, team: Team, to: str = "change this") -> Decision:
        """Whether the actor may change what this team owns; `to` completes the refusal."""
        if self._operates or (self.can_view() and team.pk in self._team_ids):
            return YES
        return self._no(f"Only members of the team {team.name} or operators may {to}.")

    def can_act_for(self, service: str, team: Team, to: str = "do this") -> Decision:
        """Whether the actor may do what a service does for itself: it, its team, operators."""
        if service and self._actor.service == service:
            return YES
        return self.can_edit(team, to)

    def can_operate(self, to: str = "do this") -> Decision:
        """Whether the actor may act on everybody's things; `to` completes the refusal."""
        return YES if self._operates else self._no(f"Only operators may {to}.")

    def can_reveal(self) -> Decision:
        """Whether the actor may be shown hidden payloads by giving a reason.

        A person may, and not a program of a service. People from outside are shown what reaches
        their own services, and nothing else.
        """
        user = self._actor.user
        if user is None:
            return self._no("Only people reveal payloads.")
        if not self._operates and user.teams.filter(is_outside=True).exists():
            return self._no("People of an integrator cannot reveal payloads. Ask an operator.")
        return self.can_view()

    @property
    def _operates(self) -> bool:
        user = self._actor.user
        return self._actor.is_system or (user is not None and user.is_operator)

    @cached_property
    def _team_ids(self) -> frozenset[int]:
        user = self._actor.user
        return frozenset(user.teams.values_list("pk", flat=True)) if user else frozenset()

    def _no(self, why_not: str) -> Decision:
        seen = self.can_view()
        refusal = Decision(allowed=False, why_not=why_not)
        return refusal if seen or seen is OWN_ONLY else seen


def may_read(user: Viewer) -> bool:
    """Whether this request's user may read all of the registry; querysets ask here."""
    return isinstance(user, User) and bool(Rights(Actor.person(user)).can_view())
