"""People, the teams they belong to, and what they may do in the installation."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class Role(models.TextChoices):
    """What a person may do everywhere; members may edit their team's things besides."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class User(AbstractUser):
    """A person who signs in."""

    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)

    @property
    def is_operator(self) -> bool:
        """Whether this person may change everything."""
        return self.is_active and (self.is_superuser or self.role in {Role.OPERATOR, Role.ADMIN})


class Team(models.Model):
    """A group of people who own services and event types."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    contact = models.EmailField(blank=True)
    is_outside = models.BooleanField(default=False)
    """Whether its people are somebody outside: an integrator's, who add no internal services."""
    members = models.ManyToManyField(User, related_name="teams", blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class TokenScope(models.TextChoices):
    """What a token may be used for; it never allows more than its owner may do."""

    READ = "read", "Read what its owner may see"
    WRITE = "write", "Change the registry"
    TEST = "test", "Send test events"
    APPLY = "apply", "Apply the plan to the broker"
    CREDENTIALS = "credentials", "Issue and revoke credentials for the broker"
    TOKENS = "tokens", "Make and revoke tokens"


class ApiToken(models.Model):
    """A program's way in, written `<prefix>.<secret>`; of the secret only a digest is kept."""

    prefix = models.CharField(max_length=16, unique=True)
    """Tells it from others and is no secret: people see it in lists."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the secret, which is random and long: guessing it needs no slowing down."""
    name = models.CharField(max_length=120)
    scopes = models.JSONField(default=list)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens"
    )
    service = models.CharField(max_length=120, blank=True, db_index=True)
    """The service that owns it, by its name, which never changes; empty when a person does."""
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    """To the minute."""

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None, service__gt="") | models.Q(user__gt=0, service=""),
                name="token_has_one_owner",
            )
        ]

    def __str__(self) -> str:
        return self.prefix

    @property
    def owner(self) -> str:
        """Name of the person or service whose it is."""
        return self.user.get_username() if self.user else self.service

    @property
    def scope_labels(self) -> list[str]:
        """What it may be used for, in plain words."""
        return [str(TokenScope(scope).label) for scope in self.scopes]

    @property
    def standing(self) -> str:
        """Whether it lets somebody in: `usable`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expired() else "usable"

    def expired(self, now: datetime | None = None) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= (now or timezone.now())
