"""`Endpoint`: how every view of the API reads, refuses and answers."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from eventbus_admin.accounts.actor import Actor, Viewer
from eventbus_admin.accounts.models import TokenScope
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.api.access import HasScope
from eventbus_admin.api.authentication import SessionAuthentication, TokenAuthentication
from eventbus_admin.api.errors import answer_to
from eventbus_admin.api.paging import Orderings, Page, keyset_page
from eventbus_admin.api.parsing import BoundedJSONParser
from eventbus_admin.api.serializers.base import Parameters
from eventbus_admin.api.throttling import RateLimit

M = TypeVar("M", bound=Model)
Q = TypeVar("Q", bound=QuerySet[Any])

_READS = ("GET", "HEAD")


class JSONOnly(BaseContentNegotiation):
    """Whatever is asked for, the answer is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser for the body's type, if there is one."""
        essence = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == essence), None)

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Any,
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """Return the only one."""
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """Base of all views: who asks, how often, with which parameters; errors in one shape."""

    http_method_names = ["get", "head", "post", "patch", "delete"]
    authentication_classes = (TokenAuthentication, SessionAuthentication)
    permission_classes: Sequence[type[BasePermission]] = (HasScope,)
    throttle_classes: Sequence[type[RateLimit]] = (RateLimit,)
    parser_classes = (BoundedJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = JSONOnly

    parameters: ClassVar[type[Parameters]] = Parameters
    """What the address of a GET may say; no other method takes any."""
    scope: ClassVar[TokenScope] = TokenScope.WRITE
    """What a token needs for methods that change something."""
    wanted: dict[str, Any]
    """The parameters of this request, checked."""

    def scope_for(self, method: str) -> TokenScope:
        """Return the scope that a token needs."""
        return TokenScope.READ if method in _READS else self.scope

    @property
    def viewer(self) -> Viewer:
        """Whose request it is."""
        viewer: Viewer = self.request.user
        return viewer

    @property
    def actor(self) -> Actor:
        """Who does what this request asks for."""
        return Actor.of(self.viewer)

    def require_view(self) -> None:
        """Raise `NotAllowed` unless the viewer may see what is everybody's."""
        Rights(self.actor).can_view().require()

    def initial(self, request: Request, *_args: Any, **_kwargs: Any) -> None:
        """Check everything that comes before the view itself; what fails to sign in counts too."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        refusal: exceptions.APIException | None = None
        try:
            self.perform_authentication(request)
        except exceptions.APIException as error:
            refusal = error
        self.check_throttles(request)
        if refusal is not None:
            raise refusal
        self.check_permissions(request)
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        self.wanted = self._parameters(request)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer in the one shape."""
        match exc:
            case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
                exc.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        answer = answer_to(exc)
        answer.exception = True
        return answer

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Keep answers out of caches: they are for whoever asked, and may hold a secret."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> Any:
        """Say how to sign in to who did not."""
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated(
                "Send “Authorization: Token <prefix>.<secret>”, or sign in to the console."
            )
        raise exceptions.PermissionDenied(message, code)

    def filtered(self, queryset: Q, names: Mapping[str, str]) -> Q:
        """Keep the rows that the parameters ask for; `names` says which field each is of."""
        given = {field: self.wanted[name] for name, field in names.items() if name in self.wanted}
        return queryset.filter(**given)

    def page(
        self, queryset: QuerySet[M], orderings: Orderings, serializer: type[Serializer[Any]]
    ) -> Response:
        """Answer with the page of a list that was asked for."""
        found = keyset_page(queryset, self.request, self.wanted, orderings)
        return Response(envelope(found, serializer(found.rows, many=True).data))

    def _parameters(self, request: Request) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, values in request.query_params.lists():
            if len(values) > 1:
                raise exceptions.ValidationError({name: ["Give it once."]}, "given_twice")
            given[name] = values[0]
        wanted = self.parameters if request.method in _READS else Parameters
        return wanted.read(given)


def envelope(page: Page[Any], results: Any, **more: Any) -> Mapping[str, Any]:
    """Return a page as it is answered."""
    return {"next": page.next, "previous": page.previous, **more, "results": results}


class Nowhere(Endpoint):
    """Every address that does not exist."""

    permission_classes = ()
    schema = None

    def http_method_not_allowed(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Say so, whatever the method."""
        slash = "" if request.path.endswith("/") else " Addresses end with a slash."
        raise Http404(f"There is nothing at {request.path[:200]}.{slash}")
