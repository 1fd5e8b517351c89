"""Dead letters, and the runs that send them again."""

from typing import Any

from rest_framework import serializers

from bus_core.envelope import decode
from bus_core.errors import UndecodableMessage
from eventbus_admin.api.fields import Choice, Json, Moment, Name, Number, Text
from eventbus_admin.api.serializers.base import ListParameters, SearchParameters, Strict
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.choosing import Chosen
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import Wanted
from eventbus_admin.deadletters.runs import counts
from eventbus_admin.journal.entries import keepable
from eventbus_admin.journal.sight import error_name

MAX_IDS = 1000
MAX_NUMBER = 2**63 - 1
PAYLOAD_BYTES = 256 * 1024
RUN_ID = "3c1f7a52-51d8-4a0b-8d0a-6f1f0b9f7a11"

EXAMPLE = {
    "id": 31,
    "service": "meca-exporter",
    "event_type": "beginMecaExport",
    "event_id": "beginMecaExport_4f0c8a5e-1f3a-4f57-8f0c-0c3f5b9f7a11",
    "correlation_id": "exportRequested_0b5d1d7e-52c0-4b8f-8d3e-5f1f6a7c9e11",
    "queue": "consumer__beginMecaExport__meca-exporter",
    "state": "waiting",
    "reason": "attempts",
    "cause": {"id": 4, "text": "TimeoutError: the archive took no data for 30 s"},
    "attempts": 3,
    "worker": "exports-1/71/5f1f6a7c",
    "died": "2026-11-23T18:39:11.000Z",
    "taken_in": "2026-11-23T18:39:11.034Z",
    "since": "2026-11-23T18:39:11.034Z",
    "note": "",
    "run": None,
    "retried_from": None,
    "original": None,
    "edited_by": "",
}
DETAIL_EXAMPLE = {
    **EXAMPLE,
    "error": "TimeoutError: the archive took no data for 30 s",
    "size": 214,
    "payload": {"journal": "elife"},
    "headers": {"ce-specversion": "1.0"},
    "hidden": False,
}
RUN_EXAMPLE = {
    "id": RUN_ID,
    "state": "done",
    "what": "all of one cause: TimeoutError: the archive took no data for 30 s",
    "requested_by": "mia",
    "one_first": False,
    "progress": {"total": 31, "prepared": 0, "sent": 2, "handled": 28, "failed_again": 1},
    "note": "",
    "created": "2026-11-23T18:40:02.118Z",
    "started": "2026-11-23T18:40:02.201Z",
    "finished": "2026-11-23T18:40:02.684Z",
}


class CauseOut(serializers.Serializer[Any]):
    """What dead letters of one cause say."""

    id = serializers.IntegerField()
    text = serializers.CharField(help_text="The error, without what differs each time.")


class DeadLetterOut(serializers.Serializer[Any]):
    """What gave up."""

    id = serializers.IntegerField()
    service = serializers.CharField(source="service.name")
    event_type = serializers.CharField()
    event_id = serializers.CharField()
    correlation_id = serializers.CharField()
    queue = serializers.CharField(help_text="That it belongs to; empty when nobody can tell.")
    state = serializers.ChoiceField(State.choices)
    reason = serializers.CharField()
    cause = CauseOut()
    attempts = serializers.IntegerField()
    worker = serializers.CharField()
    died = Moment(help_text="When it gave up.")
    taken_in = Moment()
    since = Moment(help_text="Since when its state is what it is.")
    note = serializers.CharField(help_text="Why it could not be sent again.")
    run = serializers.UUIDField(source="run_id", allow_null=True)
    retried_from = serializers.IntegerField(
        source="retried_from_id", allow_null=True, help_text="That was retried and is this now."
    )
    original = serializers.IntegerField(
        source="original_id", allow_null=True, help_text="That this one replaces, edited."
    )
    edited_by = serializers.CharField()


class DeadLetterDetailOut(DeadLetterOut):
    """One of them with what it holds."""

    error = serializers.SerializerMethodField()
    size = serializers.IntegerField(help_text="Of the body, in bytes.")
    payload = serializers.SerializerMethodField(
        help_text="The body's text when it is no event; null when it is longer than 256 KiB."
    )
    headers = serializers.SerializerMethodField()
    hidden = serializers.SerializerMethodField(
        help_text="Whether payload, headers and error are kept from you; the error's name stays."
    )

    def get_hidden(self, letter: DeadLetter) -> bool:  # noqa: ARG002
        """Return whether the viewer is not shown what it holds."""
        return bool(self.context["hidden"])

    def get_error(self, letter: DeadLetter) -> str:
        """Return the error with its stack, or the name of one that is hidden."""
        return error_name(letter.error) if self.context["hidden"] else letter.error

    def get_payload(self, letter: DeadLetter) -> Json:
        """Return what the event holds, or the text of what is none."""
        if self.context["hidden"]:
            return None  # type: ignore[return-value]
        body = bytes(letter.body)
        if len(body) > PAYLOAD_BYTES:
            return None  # type: ignore[return-value]
        try:
            event = decode(wire.delivery_of(letter.properties, body).message).event
        except UndecodableMessage:
            return body.decode(errors="backslashreplace")  # type: ignore[return-value]
        return keepable(event.payload)  # type: ignore[no-any-return]

    def get_headers(self, letter: DeadLetter) -> dict[str, Any]:
        """Return the headers as JSON."""
        if self.context["hidden"]:
            return {}
        headers = wire.delivery_of(letter.properties, b"").message.headers
        return keepable(headers)  # type: ignore[no-any-return]


class DeadLetterParameters(SearchParameters):
    """How dead letters are listed."""

    state = Choice(State.choices, required=False)
    service = Name(required=False)
    event_type = Name(required=False)
    cause = Number(required=False, min_value=1, max_value=MAX_NUMBER)
    reason = Text(required=False, max_length=32)
    since = Moment(required=False, help_text="Gave up then or later.")
    ordering = Choice([("-id",) * 2, ("id",) * 2], required=False, default="-id")


class LetterFilter(Strict):
    """Which dead letters are meant; those that wait, of them."""

    service = Name(required=False)
    event_type = Name(required=False)
    cause = Number(required=False, min_value=1, max_value=MAX_NUMBER)
    reason = Text(required=False, max_length=32)
    text = Text(required=False, max_length=255, help_text="In the error or the event's id.")
    since = Moment(required=False, help_text="Gave up then or later.")


class Choosing(Strict):
    """Named ones, or all that a filter lets through."""

    ids = serializers.ListField(
        child=Number(min_value=1, max_value=MAX_NUMBER),
        required=False,
        min_length=1,
        max_length=MAX_IDS,
    )
    filter = LetterFilter(required=False, help_text="An empty one means all that wait.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two."""
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError("Send either ids or a filter.", "ids_or_filter")
        return attrs


class NewRetry(Choosing):
    """What is to be sent again."""

    one_first = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Send one, and the others only once that one was handled.",
    )


class LetterProgressOut(serializers.Serializer[Any]):
    """How many of a run's dead letters stand where."""

    total = serializers.IntegerField()
    prepared = serializers.IntegerField(help_text="Not sent yet.")
    sent = serializers.IntegerField(help_text="The broker has them; nobody said more.")
    handled = serializers.IntegerField()
    failed_again = serializers.IntegerField(help_text="They wait as new dead letters.")


class RetryRunOut(serializers.Serializer[Any]):
    """One time that dead letters were sent again."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(RetryRun.Progress.choices)
    what = serializers.CharField(help_text="What was chosen, in words.")
    requested_by = serializers.CharField(source="requested_by_name")
    one_first = serializers.BooleanField(source="careful")
    progress = serializers.SerializerMethodField()
    note = serializers.CharField(help_text="Why it stopped, or what holds it up.")
    created = Moment()
    started = Moment(allow_null=True)
    finished = Moment(allow_null=True)

    def get_progress(self, run: RetryRun) -> LetterProgressOut:
        """Return how many of them stand where."""
        number = counts(run)
        return {  # type: ignore[return-value]
            "total": run.total,
            **{
                name: number.get(state, 0)
                for name, state in (
                    ("prepared", State.RETRYING),
                    ("sent", State.RETRIED),
                    ("handled", State.HANDLED),
                    ("failed_again", State.FAILED_AGAIN),
                )
            },
        }


class RetryRunBriefOut(serializers.Serializer[Any]):
    """A run in a list."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(RetryRun.Progress.choices)
    what = serializers.CharField()
    requested_by = serializers.CharField(source="requested_by_name")
    total = serializers.IntegerField()
    created = Moment()


class RetryRunParameters(ListParameters):
    """How runs are listed."""

    state = Choice(RetryRun.Progress.choices, required=False)
    ordering = Choice([("-created",) * 2, ("created",) * 2], required=False, default="-created")


class DiscardedOut(serializers.Serializer[Any]):
    """What was discarded together."""

    id = serializers.UUIDField(help_text="By this it is undone.")
    count = serializers.IntegerField()


class RestoredOut(serializers.Serializer[Any]):
    """What waits again."""

    count = serializers.IntegerField()


def chosen(sent: dict[str, Any]) -> Chosen:
    """Return what somebody chose."""
    if "ids" in sent:
        return Chosen(ids=sent["ids"])
    return Chosen(wanted=Wanted(**sent["filter"]))
