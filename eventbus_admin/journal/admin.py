"""Django's admin shows the journal."""

from django.contrib import admin

from eventbus_admin.accounts.admin import ReadOnlyAdmin
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """Events as the tap saw them, without what they hold: the console decides about that."""

    list_display = ("event_id", "type", "source", "created", "seen")
    search_fields = ("event_id", "correlation_id")
    exclude = ("payload", "headers")
    show_full_result_count = False


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    """What services did with them."""

    list_display = ("event_id", "service", "outcome", "attempts", "at")
    search_fields = ("event_id",)
    exclude = ("error",)
    show_full_result_count = False


@admin.register(WorkerPresence)
class WorkerPresenceAdmin(ReadOnlyAdmin):
    """Who is at work."""

    list_display = ("worker", "service", "version", "last_seen")
