"""Dead letters: reading, retrying, discarding; and the runs that send them again."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from eventbus_admin.api.documenting import IDEMPOTENCY_KEY, documented
from eventbus_admin.api.idempotency import once
from eventbus_admin.api.paging import Orderings, keyset_page
from eventbus_admin.api.serializers import dead_letters
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.serializers.dead_letters import (
    Choosing,
    DeadLetterDetailOut,
    DeadLetterOut,
    DeadLetterParameters,
    DiscardedOut,
    NewRetry,
    RestoredOut,
    RetryRunBriefOut,
    RetryRunOut,
    RetryRunParameters,
    chosen,
)
from eventbus_admin.api.views.base import Endpoint, envelope
from eventbus_admin.deadletters import actions
from eventbus_admin.deadletters.models import DeadLetter, RetryRun
from eventbus_admin.deadletters.querysets import Wanted
from eventbus_admin.deadletters.showing import hide_cause, is_shown
from eventbus_admin.payloads.policy import sight_of

ORDERINGS: Orderings = {"id": ("id",)}
RUN_ORDERINGS: Orderings = {"created": ("created", "id")}
BRIEF = {
    name: dead_letters.RUN_EXAMPLE[name]
    for name in ("id", "state", "what", "requested_by", "created")
}
STARTED = {
    **dead_letters.RUN_EXAMPLE,
    "state": "queued",
    "progress": {"total": 31, "prepared": 31, "sent": 0, "handled": 0, "failed_again": 0},
    "started": None,
    "finished": None,
}


class DeadLetters(Endpoint):
    """All dead letters."""

    parameters = DeadLetterParameters

    @documented(
        "List dead letters",
        answer=page_of(DeadLetterOut),
        example={"next": None, "previous": None, "results": [dead_letters.EXAMPLE]},
        parameters=DeadLetterParameters,
    )
    def get(self, request: Request) -> Response:
        """List what gave up, the latest first; a service sees its own."""
        names = ("service", "event_type", "cause", "reason", "since")
        given = {name: self.wanted[name] for name in names if name in self.wanted}
        wanted = Wanted(text=self.wanted.get("search", ""), **given)
        sight = sight_of(self.actor)
        found = DeadLetter.objects.visible_to(self.viewer).matching(wanted, sight=sight)
        found = self.filtered(found, {"state": "state"}).light()
        page = keyset_page(found, request, self.wanted, ORDERINGS)
        rows = [hide_cause(one, sight) for one in page.rows]
        return Response(envelope(page, DeadLetterOut(rows, many=True).data))


class OneDeadLetter(Endpoint):
    """One dead letter."""

    @documented(
        "Read a dead letter",
        answer=DeadLetterDetailOut,
        example=dead_letters.DETAIL_EXAMPLE,
        refusals=[404],
    )
    def get(self, request: Request, number: int) -> Response:  # noqa: ARG002
        """Return it with its error and what it holds."""
        visible = DeadLetter.objects.visible_to(self.viewer).select_related("service", "cause")
        letter, sight = get_object_or_404(visible, pk=number), sight_of(self.actor)
        hidden = not is_shown(letter, sight)
        context = {"hidden": hidden}
        return Response(DeadLetterDetailOut(hide_cause(letter, sight), context=context).data)


class Retry(Endpoint):
    """Sending them again."""

    @documented(
        "Retry dead letters",
        answer=RetryRunOut,
        example=STARTED,
        status=201,
        body=NewRetry,
        body_example={"filter": {"service": "meca-exporter", "cause": 4}, "one_first": True},
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Have those that wait sent to their own subscriptions again; owners and operators may.

        The set is fixed now. The run of the answer says how far it is. 409 when none waits.
        """
        sent = NewRetry.read(request.data)

        def create() -> Response:
            run = actions.retry_dead_letters(
                actor=self.actor, chosen=chosen(sent), careful=sent["one_first"]
            )
            location = reverse("api:retry-run", [run.pk], request=request)
            return Response(RetryRunOut(run).data, status=201, headers={"Location": location})

        return once(request, create)


class Discard(Endpoint):
    """Putting them aside."""

    @documented(
        "Discard dead letters",
        answer=DiscardedOut,
        example={"id": dead_letters.RUN_ID, "count": 31},
        body=Choosing,
        body_example={"ids": [31, 32]},
    )
    def post(self, request: Request) -> Response:
        """Put those that wait aside; owners and operators may. It can be undone for a while."""
        sent = Choosing.read(request.data)
        done = actions.discard_dead_letters(actor=self.actor, chosen=chosen(sent))
        return Response(DiscardedOut(done).data)


class Undo(Endpoint):
    """Taking a discarding back."""

    @documented(
        "Restore discarded dead letters",
        answer=RestoredOut,
        example={"count": 31},
        refusals=[404],
    )
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Let what was discarded together wait again; owners and operators may."""
        return Response({"count": actions.undo_discard(actor=self.actor, discard=pk)})


class RetryRuns(Endpoint):
    """All runs."""

    parameters = RetryRunParameters

    @documented(
        "List retry runs",
        answer=page_of(RetryRunBriefOut),
        example={"next": None, "previous": None, "results": [{**BRIEF, "total": 31}]},
        parameters=RetryRunParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the runs that sent dead letters again, the latest first."""
        self.require_view()
        found = self.filtered(RetryRun.objects.all(), {"state": "state"})
        return self.page(found, RUN_ORDERINGS, RetryRunBriefOut)


class _RunEndpoint(Endpoint):
    def find(self, pk: UUID) -> RetryRun:
        """Return the run of this id."""
        self.require_view()
        return get_object_or_404(RetryRun, pk=pk)


class OneRetryRun(_RunEndpoint):
    """One run."""

    @documented(
        "Read a retry run", answer=RetryRunOut, example=dead_letters.RUN_EXAMPLE, refusals=[404]
    )
    def get(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Return how far it is."""
        return Response(RetryRunOut(self.find(pk)).data)


class StopRetryRun(_RunEndpoint):
    """Having a run stop."""

    @documented(
        "Stop a retry run",
        answer=RetryRunOut,
        example=dead_letters.RUN_EXAMPLE,
        refusals=[404, 409],
    )
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Have it stop after what is on its way; the others wait again. 409 when it has ended."""
        actions.stop_run(actor=self.actor, run=self.find(pk))
        return Response(RetryRunOut(self.find(pk)).data)


class ResumeRetryRun(_RunEndpoint):
    """Having a run go on."""

    @documented("Resume a retry run", answer=RetryRunOut, example=STARTED, refusals=[404, 409])
    def post(self, request: Request, pk: UUID) -> Response:  # noqa: ARG002
        """Have it go on with those of its set that still wait. 409 when it did not stop."""
        actions.resume_run(actor=self.actor, run=self.find(pk))
        return Response(RetryRunOut(self.find(pk)).data)
