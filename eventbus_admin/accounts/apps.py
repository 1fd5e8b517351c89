"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, teams and rights."""

    name = "eventbus_admin.accounts"
    label = "accounts"
    verbose_name = "Accounts"
