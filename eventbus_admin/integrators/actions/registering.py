"""Registering an integrator, and asking for what a service may publish and listen to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.integrators import mails
from eventbus_admin.integrators.invitations import take_invitation, use_invitation
from eventbus_admin.integrators.models import MAX_REASON, AccessRequest, Invitation
from eventbus_admin.registry.bookkeeping import assign, insert_named, keep, snapshot
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_event_type, lock_service
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.registry.states import Lifecycle, ServiceKind
from eventbus_admin.registry.validation import valid_contact, valid_name, valid_text

MOST_AT_ONCE = 50
MOST_WAITING = 500
"""So many requests may wait for a decision; nobody can bury the operators under more."""

Kind = AccessRequest.Kind
_FIELDS = {Kind.PUBLICATION: "publishes", Kind.SUBSCRIPTION: "subscribes"}
_ASKABLE = frozenset({"declined", "retired"})
_Asked = list[tuple[AccessRequest.Kind, str]]


@dataclass(frozen=True)
class Registration:
    """A registered integrator and what it asked for."""

    service: Service
    requests: tuple[AccessRequest, ...]


@transaction.atomic
def register_integrator(
    *,
    actor: Actor,
    name: str,
    contact: str,
    reason: str,
    publishes: Sequence[str] = (),
    subscribes: Sequence[str] = (),
    invitation: str = "",
) -> Registration:
    """Register somebody's service together with what it asks for.

    Whether a visitor may register, and whether it takes the code of an `invitation`, says
    EVENTBUS_REGISTRATION. The service belongs to a new
    team of its name. It has no rights and nothing on the broker before something is approved.
    """
    invited = _admitted(actor, invitation)
    name, contact = valid_name(name, "service name"), valid_contact(contact)
    if not contact:
        raise ActionError("missing_contact", "Give an e-mail address that is read.", "contact")
    reason = _valid_reason(reason)
    asked = _asked(publishes, subscribes)
    event_types = _event_types(asked)
    service = Service(
        name=name, owner=_new_team(name, contact), kind=ServiceKind.INTEGRATOR, contact=contact
    )
    insert_named(service, "A service")
    keep(actor, "registered", service, None, snapshot(service, "name", "owner", "kind", "contact"))
    requests = _ask(actor, service, asked, event_types, reason)
    if invited is not None:
        use_invitation(invited, service)
    if not actor.is_system:
        mails.tell_of_registration(service, requests)
    return Registration(service, requests)


@transaction.atomic
def request_access(
    *,
    actor: Actor,
    service: Service | str,
    reason: str,
    publishes: Sequence[str] = (),
    subscribes: Sequence[str] = (),
) -> tuple[AccessRequest, ...]:
    """Ask for more, or again for what was declined or has ended; a service asks for itself."""
    reason = _valid_reason(reason)
    asked = _asked(publishes, subscribes)
    event_types = _event_types(asked)
    service = lock_service(service, "service")
    Rights(actor).can_act_for(service.name, service.owner, "ask for this service").require()
    _leave_room_for_others(service, asked)
    requests = _ask(actor, service, asked, event_types, reason)
    mails.tell_of_requests(service, requests)
    return requests


def _admitted(actor: Actor, code: str) -> Invitation | None:
    """Let operators in, and others as the setting says."""
    if Rights(actor).can_operate():
        return None
    match settings.EVENTBUS_REGISTRATION:
        case "open":
            return None
        case "invite":
            return take_invitation(code)
    raise ActionError(
        "registration_closed",
        "Nobody can register an integrator here. Ask an operator to do it.",
    )


def _valid_reason(reason: str) -> str:
    reason = valid_text(reason, "reason")
    if not reason:
        raise ActionError("missing_reason", "Say what it is for; somebody decides by it.", "reason")
    if len(reason) > MAX_REASON:
        raise ActionError(
            "invalid_reason", f"The reason is longer than {MAX_REASON} characters.", "reason"
        )
    return reason


def _asked(publishes: Iterable[str], subscribes: Iterable[str]) -> _Asked:
    asked = [(Kind.PUBLICATION, one) for one in dict.fromkeys(publishes)]
    asked += [(Kind.SUBSCRIPTION, one) for one in dict.fromkeys(subscribes)]
    if not asked:
        raise ActionError(
            "nothing_asked", "Name the event types that it publishes or listens to.", "subscribes"
        )
    if len(asked) > MOST_AT_ONCE:
        raise ActionError(
            "too_many",
            f"At most {MOST_AT_ONCE} event types can be asked for at once.",
            "subscribes",
        )
    if AccessRequest.objects.waiting().count() + len(asked) > MOST_WAITING:
        raise ActionError(
            "too_many_waiting", "Too many requests wait for a decision already. Try again later."
        )
    return asked


def _leave_room_for_others(service: Service, asked: _Asked) -> None:
    if AccessRequest.objects.waiting().of(service).count() + len(asked) > MOST_AT_ONCE:
        raise ActionError(
            "too_many_waiting",
            f"At most {MOST_AT_ONCE} requests of one service wait for a decision. Ask again once "
            "an operator has decided.",
        )


def _event_types(asked: _Asked) -> dict[str, EventType]:
    """Lock the event types, always in the same order."""
    fields = {name: _FIELDS[kind] for kind, name in asked}
    found = {name: lock_event_type(name, fields[name]) for name in sorted(fields)}
    for name, event_type in found.items():
        if event_type.lifecycle == Lifecycle.RETIRED:
            raise ActionError("retired", f"{name} is retired.", fields[name])
    return found


def _new_team(name: str, contact: str) -> Team:
    try:
        with transaction.atomic():
            return Team.objects.create(
                name=name, contact=contact, description="An integrator.", is_outside=True
            )
    except IntegrityError as error:
        raise ActionError(
            "name_taken", f"A team named {name} exists. Choose another name.", "name"
        ) from error


def _ask(
    actor: Actor,
    service: Service,
    asked: _Asked,
    event_types: dict[str, EventType],
    reason: str,
) -> tuple[AccessRequest, ...]:
    for kind, name in asked:
        _mark_requested(actor, kind, service, event_types[name])
    return tuple(
        AccessRequest.objects.create(
            service=service, event_type=event_types[name], kind=kind, reason=reason
        )
        for kind, name in asked
    )


def _mark_requested(
    actor: Actor, kind: AccessRequest.Kind, service: Service, event_type: EventType
) -> None:
    model = Publication if kind is Kind.PUBLICATION else Subscription
    # Both ends are locked, so no other action inserts the same pair between look and insert.
    thing = model._default_manager.filter(service=service, event_type=event_type).first()
    if thing is None:
        thing, before = model(service=service, event_type=event_type, state="requested"), None
    elif thing.state not in _ASKABLE:
        raise ActionError(
            f"already_{thing.state}", f"“{thing}” is {thing.state} already.", _FIELDS[kind]
        )
    else:
        before, _ = assign(thing, state="requested")
    thing.save()
    keep(actor, "requested", thing, before, {"state": "requested"})
