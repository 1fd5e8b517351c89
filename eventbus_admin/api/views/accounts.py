"""Teams and tokens."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.accounts.models import ApiToken, Team, TokenScope
from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers import accounts
from eventbus_admin.api.serializers.accounts import (
    NewToken,
    NewTokenOut,
    TeamOut,
    TeamParameters,
    TokenOut,
    TokenParameters,
)
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.registry.tokens import create_token, revoke_token, tokens_visible_to

TEAM_ORDERINGS: Orderings = {"name": ("name",)}
TOKEN_ORDERINGS: Orderings = {"created": ("created", "id")}


class Teams(Endpoint):
    """All teams."""

    parameters = TeamParameters

    @documented(
        "List teams",
        answer=page_of(TeamOut),
        example={"next": None, "previous": None, "results": [accounts.TEAM_EXAMPLE]},
        parameters=TeamParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the teams that own services and event types."""
        self.require_view()
        found = Team.objects.prefetch_related("members")
        for word in self.wanted.get("search", "").split():
            found = found.filter(name__icontains=word)
        return self.page(found, TEAM_ORDERINGS, TeamOut)


class OneTeam(Endpoint):
    """One team."""

    @documented("Read a team", answer=TeamOut, example=accounts.TEAM_EXAMPLE, refusals=[404])
    def get(self, request: Request, team: str) -> Response:  # noqa: ARG002
        """Return it."""
        self.require_view()
        found = get_object_or_404(Team.objects.prefetch_related("members"), name=team)
        return Response(TeamOut(found).data)


class Tokens(Endpoint):
    """Tokens."""

    parameters = TokenParameters
    scope = TokenScope.TOKENS

    @documented(
        "List tokens",
        answer=page_of(TokenOut),
        example={"next": None, "previous": None, "results": [accounts.TOKEN_EXAMPLE]},
        parameters=TokenParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List your tokens and those of your teams' services; operators see all."""
        names = {"service": "service", "user": "user__username"}
        found = self.filtered(tokens_visible_to(self.viewer), names)
        return self.page(found, TOKEN_ORDERINGS, TokenOut)

    @documented(
        "Make a token",
        answer=NewTokenOut,
        example=accounts.NEW_TOKEN_EXAMPLE,
        status=201,
        body=NewToken,
        body_example={"name": "Deployment of the exporters", "scopes": ["read", "write"]},
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Make a token of yours, or of a service of your team; its text is shown here only.

        It may not do more, nor live longer, than the token by which you ask.
        """
        sent = NewToken.read(request.data)
        within = request.auth if isinstance(request.auth, ApiToken) else None

        def create() -> Response:
            token, text = create_token(actor=self.actor, within=within, **sent)
            location = reverse("api:token", [token.prefix], request=request)
            data = {**TokenOut(token).data, "token": text}
            return Response(data, status=201, headers={"Location": location})

        return once(request, create)


class OneToken(Endpoint):
    """One token."""

    scope = TokenScope.TOKENS

    @documented("Read a token", answer=TokenOut, example=accounts.TOKEN_EXAMPLE, refusals=[404])
    def get(self, request: Request, prefix: str) -> Response:  # noqa: ARG002
        """Return it, without its secret."""
        found = get_object_or_404(tokens_visible_to(self.viewer), prefix=prefix)
        return Response(TokenOut(found).data)

    @documented("Revoke a token", status=204, refusals=[404])
    def delete(self, request: Request, prefix: str) -> Response:  # noqa: ARG002
        """Let nobody in by it any more; done again, it changes nothing."""
        found = get_object_or_404(tokens_visible_to(self.viewer), prefix=prefix)
        revoke_token(actor=self.actor, token=found)
        return Response(status=204)
