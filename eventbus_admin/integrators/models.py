"""Requests of services to publish and to listen, and invitations to register one."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from eventbus_admin.accounts.actor import ServiceAccount, Viewer
from eventbus_admin.accounts.policies import may_read
from eventbus_admin.registry.models import EventType, Service

MAX_REASON = 2_000


class RequestQuerySet(models.QuerySet["AccessRequest"]):
    """Reads of requests."""

    def visible_to(self, user: Viewer) -> Self:
        """Keep what this request's user may see; an integrator's own are those of its service."""
        if isinstance(user, ServiceAccount):
            return self.filter(service__name=user.service)
        return self.all() if may_read(user) else self.none()

    def of(self, service: Service) -> Self:
        """Keep what this service asked for."""
        return self.filter(service=service)

    def waiting(self) -> Self:
        """Keep what nobody decided about yet."""
        return self.filter(state=AccessRequest.State.REQUESTED)

    def with_related(self) -> Self:
        """Fetch along what lists show."""
        return self.select_related("service__owner", "event_type__owner", "decided_by")


class AccessRequest(models.Model):
    """A service asks to publish an event type or to listen to it; kept when it is decided."""

    class Kind(models.TextChoices):
        """What it asks for."""

        PUBLICATION = "publication", "Publish"
        SUBSCRIPTION = "subscription", "Listen"

    class State(models.TextChoices):
        """What became of it; the publication or subscription goes its own way from there."""

        REQUESTED = "requested", "Requested"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="requests")
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED, db_index=True)
    reason = models.TextField(max_length=MAX_REASON)
    """Why it is asked for."""
    answer = models.TextField(max_length=MAX_REASON, blank=True)
    """What the operator said; a declined one always has one."""
    created = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("created", "id"), name="request_by_created"),)
        constraints = [
            models.UniqueConstraint(
                fields=("service", "event_type", "kind"),
                condition=models.Q(state="requested"),
                name="one_open_request",
            )
        ]

    def __str__(self) -> str:
        verb = "publish" if self.kind == self.Kind.PUBLICATION else "listen to"
        return f"{self.service} asks to {verb} {self.event_type}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Reads of invitations."""

    def in_state(self, state: str) -> Self:
        """Keep those that are in this `Invitation.State` now."""
        match state:
            case Invitation.State.USED:
                return self.exclude(used=None)
            case Invitation.State.OPEN:
                return self.filter(used=None, expires__gt=timezone.now())
        return self.filter(used=None, expires__lte=timezone.now())


class Invitation(models.Model):
    """A code with which somebody may register one integrator; only its hash is kept."""

    class State(models.TextChoices):
        """Whether somebody may still register with it."""

        OPEN = "open", "Open"
        USED = "used", "Used"
        ENDED = "ended", "Expired or withdrawn"

    code_hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=200, blank=True)
    """For whom it is."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.note or f"invitation {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody may still register with it."""
        return self.state is Invitation.State.OPEN

    @property
    def state(self) -> "Invitation.State":
        """Whether it is open, used, or has ended unused."""
        if self.used is not None:
            return Invitation.State.USED
        is_open = self.expires > timezone.now()
        return Invitation.State.OPEN if is_open else Invitation.State.ENDED
