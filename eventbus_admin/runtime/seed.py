"""The Libero story as registry entries, so that the first run has something to show."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team, TokenScope
from eventbus_admin.audit.recording import audit_group
from eventbus_admin.integrators.actions import register_integrator
from eventbus_admin.registry.actions import (
    allow_publication,
    create_event_type,
    create_service,
    create_subscription,
    pause_subscription,
)
from eventbus_admin.registry.models import EventType, Service, ServiceKind
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.tokens import create_token

ARTICLE = {"journal": "elife", "articleId": "64567", "version": 1}

TEAMS = {
    "Submission": "Takes manuscripts in and asks for their export.",
    "Exports": "Decides what is exported where, and writes MECA archives.",
    "Crossref": "Registers DOIs for journals; an external party.",
}

# Its people are from outside.
OUTSIDE = frozenset({"Crossref"})

# name, team, kind, description
SERVICES: tuple[tuple[str, str, ServiceKind, str], ...] = (
    (
        "submission",
        "Submission",
        ServiceKind.INTERNAL,
        "Where authors submit. Asks for exports and counts those that succeeded.",
    ),
    (
        "export-manager",
        "Exports",
        ServiceKind.INTERNAL,
        "Knows for each journal which exports begin when one is requested.",
    ),
    ("meca-exporter", "Exports", ServiceKind.INTERNAL, "Writes a MECA archive and sends it off."),
    (
        "crossref-exporter",
        "Crossref",
        ServiceKind.INTEGRATOR,
        "Deposits an article's DOI at Crossref.",
    ),
    (
        "statistics",
        "Submission",
        ServiceKind.INTERNAL,
        "Counts journals for the yearly report; paused until it is needed.",
    ),
)

# name, team, description, example, who publishes it, who listens to it
EVENT_TYPES: tuple[tuple[str, str, str, dict[str, Any], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "exportRequested",
        "Submission",
        "An article is to be exported, wherever its journal wants it.",
        ARTICLE,
        ("submission",),
        ("export-manager",),
    ),
    (
        "beginMecaExport",
        "Exports",
        "An article's MECA archive is to be made.",
        {**ARTICLE, "destination": "archive"},
        ("export-manager",),
        ("meca-exporter",),
    ),
    (
        "beginCrossrefExport",
        "Exports",
        "An article's DOI is to be deposited.",
        {**ARTICLE, "doi": "10.7554/eLife.64567"},
        ("export-manager",),
        ("crossref-exporter",),
    ),
    (
        "exportSuccessful",
        "Exports",
        "An export of an article is done.",
        {**ARTICLE, "export": "meca"},
        ("meca-exporter", "crossref-exporter"),
        ("submission",),
    ),
    (
        "journalJoined",
        "Submission",
        "A journal begins to take submissions here.",
        {"journal": "plant-notes"},
        ("submission",),
        ("statistics",),
    ),
)

# Of a type that seldom comes: what is paused collects for as long as it stays so.
PAUSED = frozenset({("journalJoined", "statistics")})

# What is known of these is nobody's business but of those who publish and listen.
PRIVATE = frozenset({"journalJoined"})

# Somebody who waits for a decision.
ASKING: dict[str, Any] = {
    "name": "datacite-exporter",
    "contact": "bus@datacite.example.org",
    "reason": "Deposits DOIs at DataCite for journals that are not members of Crossref.",
    "publishes": ["exportSuccessful"],
    "subscribes": ["exportRequested"],
}

# A program of somebody's reads how its exports stand. Nobody has the secret: it shows a token.
READING: dict[str, Any] = {"service": "crossref-exporter", "name": "Crossref's monitoring"}
READING_DAYS = 90

# One journal of the story fails every time: few attempts show soon what becomes of it.
RETRIES: dict[str, dict[str, Any]] = {
    "meca-exporter": {"retry_attempts": 3, "retry_delays_ms": [1000]}
}


def seed_if_empty() -> bool:
    """Fill a registry in which nothing was ever done; returns whether it was one."""
    if current_revision() or Service.objects.exists() or EventType.objects.exists():
        return False
    with transaction.atomic(), audit_group():
        _seed()
    return True


def _seed() -> None:
    for name, description in TEAMS.items():
        defaults = {"description": description, "is_outside": name in OUTSIDE}
        Team.objects.get_or_create(name=name, defaults=defaults)
    for name, team, kind, description in SERVICES:
        create_service(
            actor=SYSTEM,
            name=name,
            owner=team,
            kind=kind,
            description=description,
            contact=f"{team.lower()}@example.org",
        )
    for name, team, description, example, publishers, listeners in EVENT_TYPES:
        create_event_type(
            actor=SYSTEM,
            name=name,
            owner=team,
            description=description,
            example=example,
            private=name in PRIVATE,
        )
        for service in publishers:
            allow_publication(actor=SYSTEM, service=service, event_type=name)
        for service in listeners:
            subscription = create_subscription(
                actor=SYSTEM, service=service, event_type=name, **RETRIES.get(service, {})
            )
            if (name, service) in PAUSED:
                pause_subscription(actor=SYSTEM, subscription=subscription)
    register_integrator(actor=SYSTEM, **ASKING)
    expires = timezone.now() + timedelta(days=READING_DAYS)
    create_token(actor=SYSTEM, scopes=[TokenScope.READ], expires=expires, **READING)
