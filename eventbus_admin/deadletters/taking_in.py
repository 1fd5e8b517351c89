"""From a dead-letter queue to rows: written and committed before anything is acknowledged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from bus_core.copies import DEAD_ID
from bus_core.dead_letters import describe
from bus_core.message import Delivery
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.models import Cause, DeadLetter, State
from eventbus_admin.deadletters.wording import cause_key, cause_text
from eventbus_admin.journal.entries import journal_id, keepable
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.registry.models import Service

RETRIED_FROM = "bus-retried-from"
"""Header of what was sent again from here: the key of the dead letter that it was."""
MAX_ERROR = 8_000
MAX_ATTEMPTS = 2**31 - 1
_MAY_COME_BACK = (State.WAITING, State.RETRYING, State.RETRIED)


@dataclass(frozen=True)
class Arrived:
    """A message out of a service's dead-letter queue."""

    service: str
    delivery: Delivery


def take_in(fence: Fence, arrived: Sequence[Arrived]) -> list[DeadLetter]:
    """Write what arrived in one transaction; return the rows that are new.

    What was written before, and is delivered again because its acknowledgement was lost, makes no
    second row. Raises `LeaseLost`, with nothing written, when somebody else leads by now.
    """
    with transaction.atomic():
        fence.hold()
        services = Service.objects.in_bulk({one.service for one in arrived}, field_name="name")
        known = [one for one in arrived if one.service in services]
        rows = list(_new(_row(services[one.service], one.delivery) for one in known))
        _find_causes(rows)
        _find_origins(rows)
        DeadLetter.objects.bulk_create([one.letter for one in rows])
        _note_newest(rows)
        return [one.letter for one in rows]


def write_row(letter: DeadLetter) -> None:
    """Write a row that came from no queue, and count it with its cause."""
    letter.save(force_insert=True)
    Cause.objects.filter(pk=letter.cause_id).update(newest=letter.pk)


# -- one row ---------------------------------------------------------------------------------------


@dataclass
class _Row:
    letter: DeadLetter
    redelivered: bool
    named: bool
    """Whether a worker gave this death an id of its own."""
    cause: Cause
    came_from: UUID | None


def _row(service: Service, delivery: Delivery) -> _Row:
    message = delivery.message
    said = describe(delivery, service.name)
    now = timezone.now()
    properties = wire.properties_text(delivery)
    dead_id = message.headers.get(DEAD_ID)
    named = isinstance(dead_id, str) and 0 < len(dead_id) <= 64
    mark = f"id {dead_id}" if named else wire.fingerprint(properties, message.body)
    event_type = said.event_type[:120]
    reason = _plain(said.reason)[:32]
    cause = Cause(
        key=cause_key(service.name, event_type, reason, cause_text(said.error)),
        service=service,
        event_type=event_type,
        reason=reason,
        text=cause_text(said.error),
    )
    letter = DeadLetter(
        identity=_plain(mark),
        service=service,
        queue=(said.queue or "")[:255],
        event_type=event_type,
        event_id=journal_id(said.id),
        correlation_id=journal_id(said.event.correlation_id) if said.event else "",
        reason=reason,
        attempts=min(max(said.attempts, 0), MAX_ATTEMPTS),
        worker=_plain(said.worker)[:255],
        died=said.at or now,
        taken_in=now,
        decodable=said.event is not None,
        size=len(message.body),
        since=now,
        error=_plain(said.error)[:MAX_ERROR],
        properties=properties,
        body=message.body,
    )
    return _Row(letter, delivery.redelivered, named, cause, _origin(message.headers))


def _plain(text: str) -> str:
    return str(keepable(text))


def _origin(headers: Mapping[str, object]) -> UUID | None:
    try:
        return UUID(str(headers[RETRIED_FROM]))
    except (KeyError, ValueError):
        return None


# -- all of them together --------------------------------------------------------------------------


def _new(rows: Iterable[_Row]) -> Iterable[_Row]:
    """Leave out what is known already.

    A worker gives each death an id. Others are known by all that they hold, but only when the
    broker says that it delivered them before: two messages may be the same to the byte.
    """
    rows = list(rows)
    known = set(
        DeadLetter.objects.filter(
            service__in={one.letter.service_id for one in rows},
            identity__in={one.letter.identity for one in rows},
        ).values_list("service_id", "identity")
    )
    for one in rows:
        mark = (one.letter.service_id, one.letter.identity)
        if mark in known and (one.named or one.redelivered):
            continue
        if one.named:
            known.add(mark)
        yield one


def _find_causes(rows: Sequence[_Row]) -> None:
    by_key = {one.cause.key: one.cause for one in rows}
    known = Cause.objects.in_bulk(by_key, field_name="key")
    new = [cause for key, cause in by_key.items() if key not in known]
    known |= {cause.key: cause for cause in Cause.objects.bulk_create(new)}
    for one in rows:
        one.letter.cause = known[one.cause.key]


def _find_origins(rows: Sequence[_Row]) -> None:
    """Say of each that was sent again from here that it failed again."""
    keys = {one.came_from for one in rows if one.came_from}
    if not keys:
        return
    origins = DeadLetter.objects.filter(key__in=keys).only("pk", "key", "service_id")
    by_key = {one.key: one for one in origins}
    failed = []
    for one in rows:
        origin = by_key.get(one.came_from) if one.came_from else None
        if origin is not None and origin.service_id == one.letter.service_id:
            one.letter.retried_from = origin
            failed.append(origin.pk)
    DeadLetter.objects.filter(pk__in=failed, state__in=_MAY_COME_BACK).update(
        state=State.FAILED_AGAIN, since=timezone.now()
    )


def _note_newest(rows: Sequence[_Row]) -> None:
    newest: dict[int, Cause] = {}
    for one in rows:
        one.letter.cause.newest = one.letter.pk
        newest[one.letter.cause_id] = one.letter.cause
    Cause.objects.bulk_update(newest.values(), ["newest"])


def new_identity() -> str:
    """Return an identity that no message has."""
    return f"edited {uuid4().hex}"
