"""Addresses of the API, version 1. Names of things are their ids."""

from django.urls import path, re_path, register_converter

from eventbus_admin.api.views import (
    accounts,
    audit,
    broker_users,
    credentials,
    dead_letters,
    document,
    event_types,
    events,
    integrators,
    invitations,
    map_view,
    operations,
    publications,
    queue_operations,
    registry,
    rotation,
    services,
    subscriptions,
    why,
)
from eventbus_admin.api.views.base import Nowhere


class NameConverter:
    """The name of an event type or a service."""

    regex = r"[A-Za-z](?:[A-Za-z0-9.\-]|_(?!_|/)){0,119}"

    def to_python(self, value: str) -> str:
        """Return it."""
        return value

    def to_url(self, value: str) -> str:
        """Return it."""
        return value


register_converter(NameConverter, "name")

app_name = "api"

_BOTH = "<name:event_type>/<name:service>/"

urlpatterns = [
    path("schema/", document.Schema.as_view(), name="schema"),
    path("docs/", document.Docs.as_view(), name="docs"),
    path("event-types/", event_types.EventTypes.as_view(), name="event-types"),
    path("event-types/<name:name>/", event_types.OneEventType.as_view(), name="event-type"),
    path(
        "event-types/<name:name>/test-event/", event_types.TestEvents.as_view(), name="test-event"
    ),
    path("services/", services.Services.as_view(), name="services"),
    path("services/<name:name>/", services.OneService.as_view(), name="service"),
    path(
        "services/<name:name>/credentials/", credentials.Credentials.as_view(), name="credentials"
    ),
    path("services/<name:name>/credentials/rotate/", rotation.Rotation.as_view(), name="rotation"),
    path(
        "services/<name:name>/credentials/rotate/end/",
        rotation.RotationEnd.as_view(),
        name="rotation-end",
    ),
    path(
        "services/<name:name>/credentials/<slug:slot>/",
        credentials.OneCredential.as_view(),
        name="credential",
    ),
    path("services/<name:name>/workers/", services.Workers.as_view(), name="workers"),
    path("publications/", publications.Publications.as_view(), name="publications"),
    path(f"publications/{_BOTH}", publications.OnePublication.as_view(), name="publication"),
    path("subscriptions/", subscriptions.Subscriptions.as_view(), name="subscriptions"),
    path(f"subscriptions/{_BOTH}", subscriptions.OneSubscription.as_view(), name="subscription"),
    path(f"subscriptions/{_BOTH}pause/", subscriptions.Pause.as_view(), name="pause"),
    path(f"subscriptions/{_BOTH}resume/", subscriptions.Resume.as_view(), name="resume"),
    path("dead-letters/", dead_letters.DeadLetters.as_view(), name="dead-letters"),
    path("dead-letters/<int:number>/", dead_letters.OneDeadLetter.as_view(), name="dead-letter"),
    path("dead-letters/retry/", dead_letters.Retry.as_view(), name="dead-letters-retry"),
    path("dead-letters/discard/", dead_letters.Discard.as_view(), name="dead-letters-discard"),
    path("dead-letters/discard/<uuid:pk>/undo/", dead_letters.Undo.as_view(), name="undo"),
    path("dead-letters/runs/", dead_letters.RetryRuns.as_view(), name="retry-runs"),
    path("dead-letters/runs/<uuid:pk>/", dead_letters.OneRetryRun.as_view(), name="retry-run"),
    path(
        "dead-letters/runs/<uuid:pk>/stop/",
        dead_letters.StopRetryRun.as_view(),
        name="retry-run-stop",
    ),
    path(
        "dead-letters/runs/<uuid:pk>/resume/",
        dead_letters.ResumeRetryRun.as_view(),
        name="retry-run-resume",
    ),
    path("why/<name:service>/<path:event_id>/", why.Why.as_view(), name="why"),
    path("events/", events.Events.as_view(), name="events"),
    path("events/<path:event_id>/", events.OneEvent.as_view(), name="event"),
    path("integrators/", integrators.Integrators.as_view(), name="integrators"),
    path("invitations/", invitations.Invitations.as_view(), name="invitations"),
    path("invitations/<int:number>/", invitations.OneInvitation.as_view(), name="invitation"),
    path("requests/", integrators.Requests.as_view(), name="requests"),
    path("requests/<int:number>/", integrators.OneRequest.as_view(), name="request"),
    path("requests/<int:number>/approve/", integrators.Approve.as_view(), name="approve"),
    path("requests/<int:number>/decline/", integrators.Decline.as_view(), name="decline"),
    path("status/", operations.Status.as_view(), name="status"),
    path("plan/", operations.Plan.as_view(), name="plan"),
    path("plan/adopt/", operations.Adopt.as_view(), name="adopt"),
    path("runs/", operations.Runs.as_view(), name="runs"),
    path("runs/<uuid:pk>/", operations.OneRun.as_view(), name="run"),
    path(
        "broker-users/<str:user>/remove/",
        broker_users.Remove.as_view(),
        name="broker-user-remove",
    ),
    path("map/", map_view.Map.as_view(), name="map"),
    path("audit/", audit.Audit.as_view(), name="audit"),
    path("registry/", registry.Registry.as_view(), name="registry"),
    path("registry/plan/", registry.RegistryPlan.as_view(), name="registry-plan"),
    path("registry/import/", registry.RegistryImport.as_view(), name="registry-import"),
    path("operations/", queue_operations.Operations.as_view(), name="operations"),
    path("operations/<uuid:pk>/", queue_operations.OneOperation.as_view(), name="operation"),
    path("operations/<uuid:pk>/pause/", queue_operations.Pause.as_view(), name="operation-pause"),
    path(
        "operations/<uuid:pk>/resume/", queue_operations.Resume.as_view(), name="operation-resume"
    ),
    path(
        "operations/<uuid:pk>/cancel/", queue_operations.Cancel.as_view(), name="operation-cancel"
    ),
    path("quarantines/", queue_operations.Quarantines.as_view(), name="quarantines"),
    path(
        "quarantines/<int:number>/restore/",
        queue_operations.RestoreQuarantine.as_view(),
        name="quarantine-restore",
    ),
    path(
        "quarantines/<int:number>/discard/",
        queue_operations.DiscardQuarantine.as_view(),
        name="quarantine-discard",
    ),
    path("teams/", accounts.Teams.as_view(), name="teams"),
    path("teams/<str:team>/", accounts.OneTeam.as_view(), name="team"),
    path("tokens/", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<slug:prefix>/", accounts.OneToken.as_view(), name="token"),
    re_path(r"", Nowhere.as_view(), name="nowhere"),
]
