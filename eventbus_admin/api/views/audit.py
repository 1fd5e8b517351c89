"""The audit trail: who did what."""

from rest_framework.request import Request
from rest_framework.response import Response

from eventbus_admin.api.documenting import documented
from eventbus_admin.api.paging import Orderings
from eventbus_admin.api.serializers.audit import EXAMPLE, AuditOut, AuditParameters
from eventbus_admin.api.serializers.base import page_of
from eventbus_admin.api.views.base import Endpoint
from eventbus_admin.registry.trail import entries_visible_to

# The order in which it was written.
ORDERINGS: Orderings = {"at": ("id",)}
FILTERS = {
    "kind": "object_kind",
    "object": "object_name",
    "actor": "actor_name",
    "verb": "verb",
    "group": "group",
    "since": "at__gte",
    "until": "at__lt",
}


class Audit(Endpoint):
    """The trail."""

    parameters = AuditParameters

    @documented(
        "Read the audit trail",
        answer=page_of(AuditOut),
        example={"next": None, "previous": None, "results": [EXAMPLE]},
        parameters=AuditParameters,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List who did what, the latest first.

        Operators read all of it; others what they did, and what was done to what their teams own.
        """
        found = self.filtered(entries_visible_to(self.viewer), FILTERS)
        for word in self.wanted.get("search", "").split():
            found = found.filter(object_name__icontains=word)
        return self.page(found, ORDERINGS, AuditOut)
