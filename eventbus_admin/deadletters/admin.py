"""Django's admin shows dead letters."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun


@admin.register(Cause)
class CauseAdmin(ReadOnlyAdmin):
    """Why events gave up."""

    list_display = ("key", "reason", "service", "event_type")
    exclude = ("text",)


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """What gave up."""

    list_display = ("event_id", "service", "event_type", "reason", "state", "died")
    search_fields = ("event_id",)
    exclude = ("body", "properties", "error")
    show_full_result_count = False


@admin.register(RetryRun)
class RetryRunAdmin(ReadOnlyAdmin):
    """What was sent again."""

    list_display = ("id", "requested_by_name", "state", "total", "created")
