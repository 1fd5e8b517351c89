"""Whether the installation lives, and whether it is ready: for load balancers and people."""

from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eventbus_admin.reconcile.lease import LEADER
from eventbus_admin.reconcile.models import Lease, ReconcileState
from eventbus_admin.runtime.deadline import Deadline

SECONDS = 3.0
"""Whoever probes does not wait for long either."""
LOOKS_MISSED = 6
"""The broker is read every `EVENTBUS_COMPARE_SECONDS`; so many times may fail to happen."""


@dataclass(frozen=True)
class Finding:
    """One thing that has to be in order; the sentence says what to do when it is not."""

    ok: bool
    message: str
    age_seconds: float | None = None
    """How old what it says is, where that is known."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer that this process lives; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer whether everything behind this process works: 200, or 503 with what does not.

    Anyone may ask, so no names of hosts and no errors of others are told.
    """
    findings = readiness()
    status = 200 if all(finding.ok for finding in findings.values()) else 503
    answer = JsonResponse(
        {name: _told(one) for name, one in findings.items()},
        status=status,
    )
    # Whoever asks gets the answer; Django would log every one that is not 200 as an error.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def readiness() -> dict[str, Finding]:
    """Return how database, broker and lease are; reads rows and never calls the broker."""
    try:
        state, led = _asked()
    except (Error, TimeoutError):
        unknown = Finding(ok=False, message="Not known while the database is away.")
        away = Finding(
            ok=False, message="The database does not answer, or its migrations were not run."
        )
        return {"database": away, "broker": unknown, "lease": unknown}
    return {
        "database": Finding(ok=True, message="The database answers."),
        "broker": _broker(state),
        "lease": _lease(led=led),
    }


def _ask() -> tuple[ReconcileState | None, bool]:
    state = ReconcileState.objects.first()
    return state, Lease.objects.filter(name=LEADER, expires__gt=timezone.now()).exists()


_asked = Deadline(_ask, SECONDS)


def _told(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in asdict(finding).items() if value is not None}


def _broker(state: ReconcileState | None) -> Finding:
    observed = state.observed_at if state is not None else None
    age = None if observed is None else round((timezone.now() - observed).total_seconds(), 1)
    if state is not None and state.error:
        sentence = "The broker does not answer the worker; the overview says why."
        return Finding(ok=False, message=sentence, age_seconds=age)
    if state is None or not state.reachable or age is None:
        return Finding(ok=False, message="The broker was not read yet. Is a worker running?")
    if age > LOOKS_MISSED * settings.EVENTBUS_COMPARE_SECONDS + 5:
        sentence = f"The broker was last read {age:.0f} s ago."
        return Finding(ok=False, message=sentence, age_seconds=age)
    return Finding(ok=True, message="The broker answers.", age_seconds=age)


def _lease(*, led: bool) -> Finding:
    if led:
        return Finding(ok=True, message="A worker leads.")
    return Finding(
        ok=False, message="No worker leads. Start one: `manage.py worker`, or `manage.py serve`."
    )
