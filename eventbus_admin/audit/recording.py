"""Writing the audit trail."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
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
    if secret := _SECRETS & {*(before or {}), *(after or {})}:
        raise ValueError(f"an audit entry must not hold {', '.join(sorted(secret))}")
    return AuditEntry.objects.create(
        group=_group.get() or uuid.uuid4(),
        actor=actor.user,
        actor_name=actor.name,
        verb=verb,
        object_kind=object_kind,
        object_name=object_name,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
    )
