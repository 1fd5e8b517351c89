"""What is done with the registry: one function per domain verb, whoever asks for it.

Each checks the right (`NotAllowed`), checks the values (`ActionError`), changes the rows in one
transaction together with the audit entry, raises the registry's revision, and returns the object
as stored; an object passed in is left as it was read. Nothing here talks to the broker.
"""

from eventbus_admin.registry.actions.credentials import (
    Issued,
    issue_credential,
    reissue_credential,
    revoke_credentials,
)
from eventbus_admin.registry.actions.event_types import (
    change_event_type,
    create_event_type,
    set_lifecycle,
)
from eventbus_admin.registry.actions.publications import allow_publication, retire_publication
from eventbus_admin.registry.actions.rotation import (
    cancel_rotation,
    end_rotation,
    rotate_credential,
)
from eventbus_admin.registry.actions.services import change_service, create_service
from eventbus_admin.registry.actions.subscriptions import (
    adopt_subscription,
    change_subscription,
    create_subscription,
    pause_subscription,
    resume_subscription,
    retire_subscription,
)
from eventbus_admin.registry.actions.teams import change_team, create_team
from eventbus_admin.registry.bookkeeping import UNCHANGED

__all__ = [
    "UNCHANGED",
    "Issued",
    "adopt_subscription",
    "allow_publication",
    "cancel_rotation",
    "change_event_type",
    "change_service",
    "change_subscription",
    "change_team",
    "create_event_type",
    "create_service",
    "create_subscription",
    "create_team",
    "end_rotation",
    "issue_credential",
    "pause_subscription",
    "reissue_credential",
    "resume_subscription",
    "retire_publication",
    "retire_subscription",
    "revoke_credentials",
    "rotate_credential",
    "set_lifecycle",
]
