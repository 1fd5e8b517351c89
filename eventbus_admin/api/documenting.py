"""Describing endpoints for the OpenAPI document: each with its refusals and an example."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from eventbus_admin.api.openapi import PREFIX
from eventbus_admin.api.serializers.base import ErrorOut, Parameters

F = TypeVar("F", bound=Callable[..., Any])

REQUEST_ID = "5b1f0a52-8f3c-4c52-9d8f-0d1f6f0a7c11"
_REFUSALS = {
    400: ("required", "This field is required.", "name"),
    401: ("not_authenticated", "Send “Authorization: Token <prefix>.<secret>”.", None),
    403: ("not_allowed", "Only members of the team Exports or operators may change this.", None),
    404: ("not_found", "There is nothing here.", None),
    409: ("name_taken", "A service named meca-exporter exists. Choose another name.", "name"),
    412: ("changed", "It was changed since you read it. Read it again, then decide.", None),
    413: ("too_large", "The body is longer than 1,048,576 bytes.", None),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json.", None),
    429: ("throttled", "Too many requests. Ask again in 12 s.", None),
    503: ("database_away", "The database does not answer. Nothing was changed.", None),
}
_ALWAYS = (400, 401, 403, 429, 503)
_BODY = (409, 413, 415)

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read: 412 if changed."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key within a day, it creates nothing twice.",
)


_ANSWERED = (
    OpenApiParameter("X-Request-Id", str, OpenApiParameter.HEADER, required=True, response=True),
    OpenApiParameter(
        "WWW-Authenticate", str, OpenApiParameter.HEADER, required=True, response=[401]
    ),
    OpenApiParameter(
        "Retry-After",
        int,
        OpenApiParameter.HEADER,
        required=True,
        response=[429, 503],
        description="Seconds.",
    ),
    OpenApiParameter("Location", str, OpenApiParameter.HEADER, required=True, response=[201]),
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    required=True,
    response=[200, 201],
    description="For If-Match.",
)


def documented(
    summary: str,
    *,
    answer: Any = None,
    example: Any = None,
    status: int = 200,
    body: Any = None,
    body_example: Any = None,
    parameters: type[Parameters] | None = None,
    headers: Sequence[OpenApiParameter] = (),
    refusals: Sequence[int] = (),
    other_answers: Mapping[tuple[int, str], OpenApiResponse] | None = None,
) -> Callable[[F], F]:
    """Document a view's method: what it takes, what it answers, how it refuses.

    `other_answers` are those that are not JSON, by status and type.
    """
    expected = {*_ALWAYS, *refusals}
    if body is not None:
        expected |= set(_BODY)
    examples = []
    if example is not None:
        examples.append(
            OpenApiExample("Answer", example, response_only=True, status_codes=[str(status)])
        )
    if body_example is not None:
        examples.append(OpenApiExample("Request", body_example, request_only=True))
    answers: dict[Any, Any] = {
        status: OpenApiResponse(answer, description=HTTPStatus(status).phrase)
    }
    answers |= other_answers or {}
    answers |= {code: _refusal(code) for code in sorted(expected)}
    words = [word for word in summary.lower().split() if word not in {"a", "an", "the"}]
    return extend_schema(
        operation_id="_".join(words),
        summary=summary,
        request=body,
        responses=answers,
        parameters=[*([parameters] if parameters else []), *headers, *_ANSWERED],
        examples=examples,
    )


def only_ours(endpoints: Sequence[Any], **_: Any) -> list[Any]:
    """Keep the endpoints of this API; the catch-all for wrong addresses is none."""
    return [one for one in endpoints if one[0].startswith(PREFIX) and one[0] != PREFIX]


def tidied(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say that what is sent may hold nothing unknown, and describe each refusal once."""
    for name, schema in result["components"]["schemas"].items():
        if not name.endswith(("Out", "Page")):
            schema["additionalProperties"] = False
        for described in schema.get("properties", {}).values():
            if {} in described.get("oneOf", ()):
                # Any JSON value: null is one.
                del described["oneOf"]
    refusals = result["components"].setdefault("responses", {})
    for methods in result["paths"].values():
        for operation in methods.values():
            _refer(operation["responses"], refusals)
    _forget(result, "x-spec-enum-id")
    return result


def _refer(answers: dict[str, Any], refusals: dict[str, Any]) -> None:
    for status in [status for status in answers if int(status) in _REFUSALS]:
        name = HTTPStatus(int(status)).phrase.title().replace(" ", "")
        refusals[name] = answers[status]
        answers[status] = {"$ref": f"#/components/responses/{name}"}


def _forget(value: Any, key: str) -> None:
    """Leave out a key that is the generator's own, wherever it stands."""
    if isinstance(value, dict):
        value.pop(key, None)
        for inner in value.values():
            _forget(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _forget(inner, key)


def _refusal(status: int) -> OpenApiResponse:
    code, message, field = _REFUSALS[status]
    value: Mapping[str, Any] = {
        "code": code,
        "message": message,
        "field": field,
        "request_id": REQUEST_ID,
    }
    example = OpenApiExample(HTTPStatus(status).phrase, value)
    return OpenApiResponse(ErrorOut, description=HTTPStatus(status).phrase, examples=[example])


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent, for the document."""

    target_class = "eventbus_admin.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Write `Token <prefix>.<secret>`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The console's session, for the document."""

    target_class = "eventbus_admin.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
