"""The feed app."""

from django.apps import AppConfig


class FeedConfig(AppConfig):
    """What flows, live."""

    name = "eventbus_admin.feed"
    label = "feed"
    verbose_name = "Feed"
