"""Mail about registrations and decisions; sent after the commit, and never in its way."""

from collections.abc import Iterable, Sequence

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q

from eventbus_admin.accounts.models import Role, User
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.registry.models import Service

MOST_RECIPIENTS = 50
_ISSUE = (
    "With your token you issue credentials for the broker, unless you have some:\n"
    "POST /api/v1/services/{service}/credentials/\n"
)
_DECIDE = "Approve or decline each in the console, under Integrators.\n"


def tell_of_registration(service: Service, requests: Sequence[AccessRequest]) -> None:
    """Tell operators what to decide, and the contact that it arrived."""
    asked = _listed(requests)
    for_operators = (
        f"{service.name} registered as an integrator. It asks to:\n\n{asked}\n\n"
        f"Reason: {requests[0].reason}\nContact: {service.contact}\n\n{_DECIDE}"
    )
    for_contact = (
        f"{service.name} is registered with the event bus. It asked to:\n\n{asked}\n\n"
        "An operator decides about each, and you get a message. Until then it has no rights.\n"
    )
    _mail(f"{service.name} asks for access to the event bus", for_operators, _operators())
    _mail(f"{service.name} is registered", for_contact, [service.contact])


def tell_of_requests(service: Service, requests: Sequence[AccessRequest]) -> None:
    """Tell operators what to decide."""
    body = (
        f"{service.name} asks to:\n\n{_listed(requests)}\n\n"
        f"Reason: {requests[0].reason}\n\n{_DECIDE}"
    )
    _mail(f"{service.name} asks for more access to the event bus", body, _operators())


def tell_of_decision(request: AccessRequest) -> None:
    """Tell the contact what was decided and why."""
    service, decision = request.service, request.get_state_display().lower()
    said = f"\n{request.answer}\n" if request.answer else ""
    body = f"{service.name} asked to:\n\n{_listed([request])}\n\nThis is {decision}.\n{said}"
    if request.state == AccessRequest.State.APPROVED:
        body += f"\n{_ISSUE.format(service=service.name)}"
    _mail(f"{service.name}: {decision}", body, [service.contact])


def _mail(subject: str, body: str, addresses: Iterable[str]) -> None:
    # In `bcc`, so that nobody reads the others' addresses.
    message = EmailMessage(subject, body, bcc=[one for one in addresses if one])
    if message.recipients():
        # Robust: a mail server that is away is logged, and takes nothing back that was stored.
        transaction.on_commit(message.send, robust=True)


def _operators() -> list[str]:
    operators = User.objects.filter(
        Q(is_superuser=True) | Q(role__in=(Role.OPERATOR, Role.ADMIN)), is_active=True
    ).exclude(email="")
    return list(operators.values_list("email", flat=True)[:MOST_RECIPIENTS])


def _listed(requests: Iterable[AccessRequest]) -> str:
    verbs = {
        AccessRequest.Kind.PUBLICATION: "publish",
        AccessRequest.Kind.SUBSCRIPTION: "listen to",
    }
    return "\n".join(
        f"  - {verbs[AccessRequest.Kind(one.kind)]} {one.event_type.name}" for one in requests
    )
