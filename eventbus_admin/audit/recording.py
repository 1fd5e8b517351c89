"""Writing the audit trail."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.audit.models import AuditEntry

_group: ContextVar[uuid.UUID | None] = ContextVar("audit_group", default=None)
_request_id: ContextVar[str] = ContextVar("request_id", default="")

# A secret is never worth a record, so whoever tries has made a mistake that must be seen.
_SECRETS = frozenset({"password", "secret", "token"})


@contextmanager
def audit_group(group: uuid.UUID | None = None) -> Iterator[uuid.UUID]:
    """Give the entries recorded inside one id, and yield it.

    Inside another group the outer id is kept, unless `group` names one (a run's id, say).
    """
    chosen = group or _group.get() or uuid.uuid4()
    token = _group.set(chosen)
    try:
        yield chosen
    finally:
        _group.reset(token)


def current_group() -> uuid.UUID | None:
    """Return the id of the group that runs now."""
    return _group.get()


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that was done to an object, and what changed."""

    verb: str
    object_kind: str
    object_name: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record_all(actor: Actor, deeds: Iterable[Deed]) -> None:
    """Record many things that `actor` did at once, as `record` does each, in few queries.

    Raises `ValueError` when a value would be a password or another secret.
    """
    group = _group.get() or uuid.uuid4()
    AuditEntry.objects.bulk_create((_entry(actor, deed, group) for deed in deeds), batch_size=500)


@contextmanager
def request_id(chosen: str) -> Iterator[None]:
    """Name the request that is answered inside."""
    token = _request_id.set(chosen)
    try:
        yield
    finally:
        _request_id.reset(token)


def current_request_id() -> str:
    """Return the id of the request that is being answered; empty outside of one."""
    return _request_id.get()


def record(
    *,
    actor: Actor,
    verb: str,
    object_kind: str,
    object_name: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Record that `actor` did `verb` (past tense: "paused") to an object, and what changed.

    Call it in the transaction of the change itself, so that both are stored or neither.

    Raises `ValueError` when a value would be a password or another secret.
    """
    deed = Deed(
        verb=verb, object_kind=object_kind, object_name=object_name, before=before, after=after
    )
    entry = _entry(actor, deed, _group.get() or uuid.uuid4())
    entry.save(force_insert=True)
    return entry


def _entry(actor: Actor, deed: Deed, group: uuid.UUID) -> AuditEntry:
    if secret := _SECRETS & {*(deed.before or {}), *(deed.after or {})}:
        raise ValueError(f"an audit entry must not hold {', '.join(sorted(secret))}")
    return AuditEntry(
        group=group,
        actor=actor.user,
        actor_name=actor.name,
        verb=deed.verb,
        object_kind=deed.object_kind,
        object_name=deed.object_name,
        before=None if deed.before is None else dict(deed.before),
        after=None if deed.after is None else dict(deed.after),
    )
