"""Invitations to register an integrator; one answer shows a code, once."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.integrators import (
    INVITATION_EXAMPLE,
    NEW_INVITATION_EXAMPLE,
    InvitationOut,
    InvitationParameters,
    NewInvitation,
    NewInvitationOut,
)
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.integrators import actions
from eventbus_admin.integrators.invitations import invitations_for

ORDERINGS: Orderings = {"created": ("created", "id")}


class Invitations(Endpoint):
    """All invitations."""

    parameters = InvitationParameters

    @documented(
        "List invitations",
        answer=page_of(InvitationOut),
        example={"next": None, "previous": None, "results": [INVITATION_EXAMPLE]},
        parameters=InvitationParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List invitations, the latest first; operators may. Nobody can read a code."""
        found = invitations_for(self.actor)
        if state := self.wanted.get("state"):
            found = found.in_state(state)
        return self.page(found, ORDERINGS, InvitationOut)

    @documented(
        "Invite an integrator",
        answer=NewInvitationOut,
        example=NEW_INVITATION_EXAMPLE,
        status=201,
        body=NewInvitation,
        body_example={"note": "Crossref"},
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Make a code with which somebody may register once within two weeks; operators may."""
        sent = NewInvitation.read(request.data)

        def create() -> Response:
            invited = actions.invite_integrator(actor=self.actor, **sent)
            location = reverse("api:invitation", [invited.invitation.pk], request=request)
            data = {**InvitationOut(invited.invitation).data, "code": invited.code}
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)


class OneInvitation(Endpoint):
    """One invitation."""

    @documented(
        "Read an invitation", answer=InvitationOut, example=INVITATION_EXAMPLE, refusals=[404]
    )
    def get(self, request: Request, number: int) -> Response:  # noqa: ARG002
        """Return it, without its code; operators may."""
        return Response(
            InvitationOut(get_object_or_404(invitations_for(self.actor), pk=number)).data
        )

    @documented("Withdraw an invitation", status=204, refusals=[404, 409])
    def delete(self, request: Request, number: int) -> Response:  # noqa: ARG002
        """Make a code worthless that nobody used yet; operators may."""
        found = get_object_or_404(invitations_for(self.actor), pk=number)
        actions.withdraw_invitation(actor=self.actor, invitation=found)
        return Response(status=204)
