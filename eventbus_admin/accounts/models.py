"""People, the teams they belong to, and what they may do in the installation."""

from django.contrib.auth.models import AbstractUser
from django.db import models


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
    members = models.ManyToManyField(User, related_name="teams", blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
