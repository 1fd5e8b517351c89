"""What is done with accounts."""

import secrets

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, Value, When

from eventbus_admin.accounts.models import Role, User


def ensure_admin(*, username: str, password: str | None = None) -> tuple[User, str | None]:
    """Make sure that somebody can administer the installation.

    Creates the admin when there is neither an admin nor an account of this name. Without
    `password` one is generated and returned, for its only showing; it is stored hashed, like any
    other. When nothing needs to be created, the account found is returned as it is.
    """
    if found := _existing(username):
        return found, None
    generated = None if password else secrets.token_urlsafe(18)
    try:
        with transaction.atomic():
            user = User.objects.create_superuser(
                username, password=password or generated, role=Role.ADMIN
            )
    except IntegrityError:
        # Another process made it between the look and the insert.
        return User.objects.get(username=username), None
    return user, generated


def _existing(username: str) -> User | None:
    named = Case(When(username=username, then=Value(0)), default=Value(1))
    return (
        User.objects.filter(Q(username=username) | Q(is_superuser=True) | Q(role=Role.ADMIN))
        .order_by(named, "pk")
        .first()
    )
