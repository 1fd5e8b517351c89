"""What this app raises on purpose."""

from django.core.exceptions import PermissionDenied


class NotAllowed(PermissionDenied):
    """The actor may not do this; the message is a sentence that says who may.

    Django answers it with 403 wherever nobody catches it.
    """
