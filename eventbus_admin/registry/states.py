"""The states that things of the registry are in."""

from django.db import models


class Lifecycle(models.TextChoices):
    """Where an event type stands; a retired one takes no new subscriptions."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


class ServiceKind(models.TextChoices):
    """Whose process it is."""

    INTERNAL = "internal", "Internal"
    INTEGRATOR = "integrator", "Integrator"


class PublicationState(models.TextChoices):
    """Whether a service may publish an event type."""

    REQUESTED = "requested", "Requested"
    ACTIVE = "active", "Active"
    DECLINED = "declined", "Declined"
    RETIRED = "retired", "Retired"


class SubscriptionState(models.TextChoices):
    """Whether a service gets an event type."""

    REQUESTED = "requested", "Requested"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    DECLINED = "declined", "Declined"
    RETIRED = "retired", "Retired"


LIVE_STATES = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
"""Subscriptions in these states have a queue on the broker."""
