"""Every refusal in one shape: a code for programs, a sentence for people, the field at fault."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.audit.recording import current_request_id
from eventbus_admin.registry.errors import ActionError

RETRY_SECONDS = 5

_STATUSES = {"broker_away": 503, "registration_closed": 403, "nothing_asked": 400}
"""Of codes whose beginning does not say it."""
_FIELDS = {"retry_attempts": "retry.attempts", "retry_delays_ms": "retry.delays_ms"}
"""Fields of actions that the API calls otherwise."""

logger = structlog.get_logger(__name__)


class Conflict(exceptions.APIException):
    """As things stand it cannot be done."""

    status_code = 409
    default_code = "conflict"


class Changed(exceptions.APIException):
    """Somebody changed it since it was read."""

    status_code = 412
    default_code = "changed"
    default_detail = "It was changed since you read it. Read it again, then decide."


class TooLarge(exceptions.APIException):
    """The body is too long."""

    status_code = 413
    default_code = "too_large"


class Away(exceptions.APIException):
    """Something behind us does not answer; the sentence says what was stored."""

    status_code = 503
    default_code = "away"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    code: str
    message: str
    field: str | None = None


def answer_to(error: Exception) -> Response:
    """Return the answer that says what went wrong; what nobody meant is logged."""
    status, problems = _read(error)
    headers: dict[str, str] = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    elif status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return Response(_body(problems), status=status, headers=headers)


def plain_answer(status: int, code: str, message: str) -> JsonResponse:
    """Return a refusal for where there is no view, in the same shape."""
    return JsonResponse(_body([Problem(code, message)]), status=status)


def _read(error: Exception) -> tuple[int, list[Problem]]:
    match error:
        case ActionError():
            field = _FIELDS.get(error.field or "", error.field)
            return _status_of(error), [Problem(error.code, error.message, field)]
        case exceptions.ValidationError():
            return 400, list(_flat(error.get_full_details()))
        case exceptions.APIException():
            return error.status_code, [_of_framework(error)]
    status, problem = _of_anything_else(error)
    return status, [problem]


def _of_framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.Throttled):
        return Problem("throttled", _too_many(getattr(error, "wait", None)))
    detail: Any = error.get_full_details()
    return Problem(detail["code"], detail["message"])


def _of_anything_else(error: Exception) -> tuple[int, Problem]:
    match error:
        case NotAllowed() | PermissionDenied():
            return 403, Problem("not_allowed", str(error) or "You may not do this.")
        case Http404():
            return 404, Problem("not_found", _said(error) or "There is nothing here.")
        case OperationalError() | InterfaceError():
            logger.error("database away", exc_info=error)
            message = "The database does not answer. Nothing was changed; try again in a moment."
            return 503, Problem("database_away", message)
    logger.error("request failed", exc_info=error)
    return 500, Problem("internal_error", "Something broke here. It was logged under this id.")


def _status_of(error: ActionError) -> int:
    """Codes of values that are wrong begin with `invalid_` or `unknown_`; others are conflicts."""
    if status := _STATUSES.get(error.code):
        return status
    if error.code.startswith("unknown_"):
        return 400 if error.field else 404
    return 400 if error.code.startswith("invalid_") else 409


def _flat(details: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield each problem of a tree of DRF's details, with the path to its field."""
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        field = ".".join(part for part in path if part != "non_field_errors")
        yield Problem(str(details["code"]), str(details["message"]), field or None)
    elif isinstance(details, Mapping):
        for key, inner in details.items():
            yield from _flat(inner, (*path, str(key)))
    elif isinstance(details, list):
        for inner in details:
            yield from _flat(inner, path)


def _body(problems: list[Problem]) -> dict[str, Any]:
    request_id = current_request_id()
    if len(problems) == 1:
        return {**asdict(problems[0]), "request_id": request_id}
    summary = Problem("invalid", f"{len(problems)} things are wrong with what was sent.")
    return {
        **asdict(summary),
        "request_id": request_id,
        "errors": [asdict(one) for one in problems],
    }


def _too_many(wait: float | None) -> str:
    again = f" Ask again in {int(wait) + 1} s." if wait else ""
    return f"Too many requests.{again}"


def _said(error: Http404) -> str:
    # Django's own sentences name classes of ours.
    said = str(error.args[0]) if error.args and isinstance(error.args[0], str) else ""
    return "" if "matches the given query" in said else said
