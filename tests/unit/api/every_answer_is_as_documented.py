"""Made-up requests at every endpoint: nothing breaks, and every answer is as the document says."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.api.views.document import document
from eventbus_admin.reconcile.stored_plan import plan_id
from tests.unit.api.conftest import EVENT, INVITATION, QUEUE, REQUEST, RUN, STRANGER_USER

EXAMPLES = 15
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
KNOWN = {
    "name": "exportRequested",
    "event_type": "exportRequested",
    "service": "export-manager",
    "event_id": EVENT,
    "id": str(RUN),
    "number": REQUEST,
    "slot": "a",
    "publishes": ["exportRequested"],
    "subscribes": ["unused"],
    "team": "Journals",
    "owner": "Journals",
    "to": "export-manager",
    "steps": [QUEUE],
    "typed": "consumer__old__stranger",
    "ids": [REQUEST],
}

schema = schemathesis.openapi.from_dict(document())
schema.app = get_wsgi_application()
answered: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _told() -> Iterator[None]:
    yield
    print(f"\n{sum(answered.values())} answers: {dict(sorted(answered.items()))}")


@pytest.fixture(autouse=True)
def _open_connections() -> Iterator[None]:
    # As Django's own test client: a request does not end the transaction that the test is.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_each_endpoint(
    case: schemathesis.Case,
    broker: MemoryBroker,
    operator: User,
    make_token: Callable[..., tuple[ApiToken, str]],
    settings: Any,
) -> None:
    settings.EVENTBUS_API_RATE = 10**9
    settings.EVENTBUS_REGISTRATION = "open"
    with transaction.atomic():
        token, text = make_token(operator)
        if _is_valid(case) and _every_second(case):
            _use_what_is_there(case, token)
        answer = case.call(headers={"Authorization": f"Token {text}"})
        transaction.set_rollback(True)

    answered[f"{answer.status_code // 100}xx"] += 1
    case.validate_response(answer, checks=CHECKS)


def _is_valid(case: schemathesis.Case) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _every_second(case: schemathesis.Case) -> bool:
    # The same for the same case, so that a failure can be seen again.
    return crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 2 == 0


def _use_what_is_there(case: schemathesis.Case, token: ApiToken) -> None:
    """Replace made-up names by those of things that exist, so that requests get further."""
    known = {**KNOWN, "plan": plan_id(), "prefix": token.prefix}
    if case.operation.path.startswith("/api/v1/services/"):
        known["name"] = "export-manager"
    if case.operation.path.startswith("/api/v1/invitations/"):
        known["number"] = INVITATION
    if case.operation.path.startswith("/api/v1/broker-users/"):
        known |= {"user": STRANGER_USER, "confirm": STRANGER_USER}
    if case.operation.path == "/api/v1/integrators/":
        del known["name"]
    if case.query:
        case.query.pop("cursor", None)
    for values in (case.path_parameters, case.query, case.body):
        if isinstance(values, dict):
            values.update({name: known[name] for name in values if name in known})
