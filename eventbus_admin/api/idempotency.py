"""`Idempotency-Key`: a request that is sent again creates nothing twice.

What was created and the answer are stored in one transaction. A request that is refused keeps
nothing, so it may be sent again under the same key.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.accounts.actor import ServiceAccount, Viewer
from eventbus_admin.api.errors import Conflict
from eventbus_admin.api.models import KeptAnswer

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
MAX_CHARS = 255
SECRETS = ("token", "secret", "url", "code")
"""Fields of answers that are never stored: sent again, the answer is without them."""
_TIDIED = 100


def once(request: Request, create: Callable[[], Response]) -> Response:
    """Return the answer of `create`, or the one that was given under the same key before."""
    key = request.headers.get(HEADER)
    if key is None:
        return create()
    if not (0 < len(key) <= MAX_CHARS and key.isascii() and key.isprintable()):
        raise ValidationError(
            {HEADER: [f"Send 1 to {MAX_CHARS} printable ASCII characters."]}, "invalid_key"
        )
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        kept, is_new = _claim(_owner(request), key, fingerprint)
        if not is_new:
            return _repeated(kept, fingerprint)
        answer = create()
        kept.status = answer.status_code
        kept.body = {
            name: None if name in SECRETS else value for name, value in answer.data.items()
        }
        kept.headers = {
            name: answer[name] for name in ("Location", "ETag") if answer.has_header(name)
        }
        kept.save()
    return answer


def _claim(owner: str, key: str, fingerprint: str) -> tuple[KeptAnswer, bool]:
    """Take the key; whoever comes second waits here until the first has ended."""
    old = KeptAnswer.objects.filter(created__lt=timezone.now() - KEPT_FOR).order_by()
    KeptAnswer.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_TIDIED])).delete()
    mine = KeptAnswer.objects.filter(owner=owner, key=key)
    mine.filter(created__lt=timezone.now() - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(owner=owner, key=key, fingerprint=fingerprint), True
    except IntegrityError:
        return mine.get(), False


def _repeated(kept: KeptAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Conflict(
            f"This {HEADER} was used for another request. Take a new one for each request.",
            "key_reused",
        )
    headers = {**kept.headers, "Idempotent-Replayed": "true"}
    return Response(kept.body, status=kept.status, headers=headers)


def _owner(request: Request) -> str:
    viewer: Viewer = request.user
    if isinstance(viewer, ServiceAccount):
        return f"service/{viewer.service}"
    return f"user/{viewer.pk}"


def _fingerprint(request: Request) -> str:
    sent = [request.method, request.path, request.data]
    return hashlib.sha256(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)).hexdigest()
