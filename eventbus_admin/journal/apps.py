"""The journal app."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """What flowed, and what became of it."""

    name = "eventbus_admin.journal"
    label = "journal"
    verbose_name = "Journal"
