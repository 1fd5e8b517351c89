"""Addresses of the console. Verbs stand before names, so that no name can hide a page."""

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from eventbus_admin.console.forms import LoginForm
from eventbus_admin.console.views import (
    audit,
    components,
    credentials,
    dead_letter,
    dead_letters,
    drift,
    event_types,
    events,
    feed,
    integrators,
    mending,
    operations,
    overview,
    registry,
    retry_runs,
    revealing,
    runs,
    services,
    shell,
    subscription,
    subscription_new,
    subscriptions,
    tokens,
)

app_name = "console"

urlpatterns = [
    path(
        "login/",
        auth_views.LoginView.as_view(
            template_name="console/login.html",
            authentication_form=LoginForm,
            redirect_authenticated_user=True,
        ),
        name="login",
    ),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("favicon.ico", RedirectView.as_view(url=static("console/icons/favicon.svg")), name="icon"),
    path("pulse/", shell.pulse, name="pulse"),
    path("", overview.overview, name="overview"),
    path("overview/live/", overview.live, name="overview-live"),
    path("feed/", feed.feed, name="feed"),
    path("feed/events/<path:event_id>/", events.event, name="event"),
    path("reveal/", revealing.reveal_payload, name="reveal"),
    path("event-types/", event_types.listing, name="event-types"),
    path("event-types/<str:name>/", event_types.detail, name="event-type"),
    path("event-types/<str:name>/lifecycle/", event_types.lifecycle, name="event-type-lifecycle"),
    path("new/event-type/", event_types.create, name="event-type-new"),
    path("edit/event-type/<str:name>/", event_types.edit, name="event-type-edit"),
    path("services/", services.listing, name="services"),
    path("services/<str:name>/", services.detail, name="service"),
    path("services/<str:name>/publications/", services.allow, name="publication-allow"),
    path(
        "services/<str:name>/publications/<int:pk>/retire/",
        services.retire_publication,
        name="publication-retire",
    ),
    path("services/<str:name>/credentials/issue/", credentials.issue, name="credentials-issue"),
    path(
        "services/<str:name>/credentials/reissue/", credentials.reissue, name="credentials-reissue"
    ),
    path("services/<str:name>/credentials/rotate/", credentials.rotate, name="credentials-rotate"),
    path("services/<str:name>/rotation/", credentials.rotation, name="rotation"),
    path("services/<str:name>/rotation/end/", credentials.end_rotation, name="rotation-end"),
    path(
        "services/<str:name>/rotation/cancel/", credentials.cancel_rotation, name="rotation-cancel"
    ),
    path("services/<str:name>/credentials/revoke/", credentials.revoke, name="credentials-revoke"),
    path("new/service/", services.create, name="service-new"),
    path("edit/service/<str:name>/", services.edit, name="service-edit"),
    path("subscriptions/", subscriptions.listing, name="subscriptions"),
    path("new/subscription/", subscription_new.create, name="subscription-new"),
    path("new/subscription/preview/", subscription_new.preview, name="subscription-preview"),
    path(
        "edit/subscription/<str:event_type>/<str:service>/",
        subscription.edit,
        name="subscription-edit",
    ),
    path("subscriptions/<str:event_type>/<str:service>/", subscription.detail, name="subscription"),
    path(
        "subscriptions/<str:event_type>/<str:service>/live/",
        subscription.live,
        name="subscription-live",
    ),
    path(
        "subscriptions/<str:event_type>/<str:service>/pause/",
        subscription.pause,
        name="subscription-pause",
    ),
    path(
        "subscriptions/<str:event_type>/<str:service>/resume/",
        subscription.resume,
        name="subscription-resume",
    ),
    path(
        "subscriptions/<str:event_type>/<str:service>/retire/",
        subscription.retire,
        name="subscription-retire",
    ),
    path("dead-letters/", dead_letters.listing, name="dead-letters"),
    path("dead-letters/causes/<int:pk>/", dead_letters.cause, name="dead-letter-cause"),
    path("dead-letters/retry/", dead_letters.retry, name="dead-letters-retry"),
    path("dead-letters/discard/", dead_letters.discard, name="dead-letters-discard"),
    path("dead-letters/restore/<uuid:pk>/", dead_letters.restore, name="dead-letters-restore"),
    path("dead-letters/runs/<uuid:pk>/", retry_runs.run, name="retry-run"),
    path("dead-letters/runs/<uuid:pk>/progress/", retry_runs.progress, name="retry-run-progress"),
    path("dead-letters/runs/<uuid:pk>/stop/", retry_runs.stop, name="retry-run-stop"),
    path("dead-letters/runs/<uuid:pk>/resume/", retry_runs.resume, name="retry-run-resume"),
    path("dead-letters/<int:pk>/", dead_letter.detail, name="dead-letter"),
    path("dead-letters/<int:pk>/edit/", dead_letter.edit, name="dead-letter-edit"),
    path("drift/", drift.drift, name="drift"),
    path("drift/objects/<int:pk>/", drift.difference, name="drift-object"),
    path("drift/users/<int:pk>/remove/", drift.remove_user, name="drift-remove-user"),
    path("drift/review/", mending.review, name="drift-review"),
    path("drift/apply/", mending.apply, name="drift-apply"),
    path("drift/adopt/", mending.adopt, name="drift-adopt"),
    path("runs/", runs.listing, name="runs"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/progress/", runs.progress, name="run-progress"),
    path("drift/objects/<int:pk>/remove/", operations.remove, name="operation-remove"),
    path("drift/objects/<int:pk>/replace/", operations.replace, name="operation-replace"),
    path("operations/", operations.listing, name="operations"),
    path("operations/<uuid:pk>/", operations.detail, name="operation"),
    path("operations/<uuid:pk>/progress/", operations.progress, name="operation-progress"),
    path("operations/<uuid:pk>/pause/", operations.pause, name="operation-pause"),
    path("operations/<uuid:pk>/resume/", operations.resume, name="operation-resume"),
    path("operations/<uuid:pk>/cancel/", operations.cancel, name="operation-cancel"),
    path("quarantines/<int:pk>/", operations.quarantine, name="quarantine"),
    path("quarantines/<int:pk>/discard/", operations.discard, name="quarantine-discard"),
    path("integrators/", integrators.listing, name="integrators"),
    path("integrators/invite/", integrators.invite, name="invite"),
    path(
        "integrators/invitations/<int:pk>/withdraw/",
        integrators.withdraw,
        name="invitation-withdraw",
    ),
    path("requests/<int:pk>/", integrators.detail, name="request"),
    path("requests/<int:pk>/approve/", integrators.approve, name="request-approve"),
    path("requests/<int:pk>/decline/", integrators.decline, name="request-decline"),
    path("registry/", registry.registry, name="registry"),
    path("registry/download/", registry.download, name="registry-download"),
    path("registry/plan/", registry.plan, name="registry-plan"),
    path("registry/import/", registry.apply, name="registry-import"),
    path("audit/", audit.audit, name="audit"),
    path("audit/<int:pk>/", audit.entry, name="audit-entry"),
    path("tokens/", tokens.listing, name="tokens"),
    path("tokens/<str:prefix>/", tokens.detail, name="token"),
    path("tokens/<str:prefix>/revoke/", tokens.revoke, name="token-revoke"),
    path("new/token/", tokens.create, name="token-new"),
]

if settings.DEBUG:
    urlpatterns.append(path("components/", components.components, name="components"))
