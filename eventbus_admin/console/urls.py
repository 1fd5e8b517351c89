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
    overview,
    retry_runs,
    runs,
    services,
    shell,
    subscription,
    subscription_new,
    subscriptions,
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
    path("drift/apply/", drift.apply, name="drift-apply"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/progress/", runs.progress, name="run-progress"),
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
    path("audit/", audit.audit, name="audit"),
]

if settings.DEBUG:
    urlpatterns.append(path("components/", components.components, name="components"))
