"""What is done with integrators: one function per domain verb, as in the registry.

Each checks the right (`NotAllowed`), checks the values (`ActionError`), changes the rows in one
transaction together with the audit entry, and raises the registry's revision.
"""

from eventbus_admin.integrators.actions.deciding import approve_request, decline_request
from eventbus_admin.integrators.actions.registering import (
    MOST_AT_ONCE,
    Registration,
    register_integrator,
    request_access,
)
from eventbus_admin.integrators.invitations import (
    Invited,
    invite_integrator,
    withdraw_invitation,
)

__all__ = [
    "MOST_AT_ONCE",
    "Invited",
    "Registration",
    "approve_request",
    "decline_request",
    "invite_integrator",
    "register_integrator",
    "request_access",
    "withdraw_invitation",
]
