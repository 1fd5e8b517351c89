"""Django settings of the event bus admin; every choice comes from the environment.

Each variable may also be given as `<NAME>_FILE`, the path of a file that holds the value.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from bus_core.topology import DEFAULT_DELAYS_MS
from eventbus_admin import environment as env
from eventbus_admin.api.openapi import OPENAPI
from eventbus_admin.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("EVENTBUS_VAR_DIR", BASE_DIR / "var"))

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or env.stored_secret(VAR_DIR / "secret_key")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
PUBLIC_HTTPS = env.flag("EVENTBUS_HTTPS")

# The event bus ------------------------------------------------------------------------------------
EVENTBUS_BACKEND = env.choice("EVENTBUS_BACKEND", ("mock", "rabbitmq"), "mock")
EVENTBUS_AMQP_URL = env.text("EVENTBUS_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
# What `bus_core` connects to; the embedded broker is shared by all of this process.
EVENTBUS_BUS_URL = "memory://eventbus" if EVENTBUS_BACKEND == "mock" else EVENTBUS_AMQP_URL
# What services are told to connect to, when that differs; a login in it is not used.
EVENTBUS_PUBLIC_AMQP_URL = env.text("EVENTBUS_PUBLIC_AMQP_URL") or EVENTBUS_AMQP_URL
EVENTBUS_MANAGEMENT_URL = env.text("EVENTBUS_MANAGEMENT_URL", "http://guest:guest@127.0.0.1:15672")
EVENTBUS_ADMIN_USERNAME = env.text("EVENTBUS_ADMIN_USERNAME", "admin")
EVENTBUS_ADMIN_PASSWORD = env.text("EVENTBUS_ADMIN_PASSWORD")
# Who may register an integrator without signing in: anybody, who has an invitation, nobody.
EVENTBUS_REGISTRATION = env.choice("EVENTBUS_REGISTRATION", ("open", "invite", "closed"), "invite")
# The ladder of retry delays in milliseconds; the policies of subscriptions pick from it.
EVENTBUS_RETRY_DELAYS_MS = env.rising_numbers(
    "EVENTBUS_RETRY_DELAYS_MS", DEFAULT_DELAYS_MS, most=24 * 3600 * 1000
)
EVENTBUS_COMPARE_SECONDS = env.number("EVENTBUS_COMPARE_SECONDS", 5)
# How far the admin goes: `observe` applies nothing by itself, `create` only makes what is missing,
# `sync` brings the broker to the registry; see `reconcile/policy.py`.
EVENTBUS_APPLY = env.choice("EVENTBUS_APPLY", ("observe", "create", "sync"), "sync")
# Whether what somebody deleted on the broker is restored without being asked.
EVENTBUS_SELF_HEAL = env.flag("EVENTBUS_SELF_HEAL")
# For how long nobody must have used the old user of a rotation before it is revoked by itself, and
# after how many days a rotation that goes on needs a person.
EVENTBUS_ROTATION_QUIET_SECONDS = env.number("EVENTBUS_ROTATION_QUIET_SECONDS", 60)
EVENTBUS_ROTATION_DAYS = env.number("EVENTBUS_ROTATION_DAYS", 7)
# How long the messages of removed queues are kept, and how many of a hundred objects of ours on the
# broker may be removed within an hour.
EVENTBUS_QUARANTINE_DAYS = env.number("EVENTBUS_QUARANTINE_DAYS", 14)
EVENTBUS_REMOVAL_SHARE = env.number("EVENTBUS_REMOVAL_SHARE", 30)
EVENTBUS_JOURNAL_ROWS = env.number("EVENTBUS_JOURNAL_ROWS", 100_000)
EVENTBUS_JOURNAL_DAYS = env.number("EVENTBUS_JOURNAL_DAYS", 7)
# Whether everybody who signed in is shown what events hold; of private event types it is hidden in
# either case. See `payloads`.
EVENTBUS_PAYLOADS = env.choice("EVENTBUS_PAYLOADS", ("shown", "hidden"), "shown")
# Whether dead letters are taken from their queues, to be looked after here.
EVENTBUS_INGEST_DEAD_LETTERS = env.flag("EVENTBUS_INGEST_DEAD_LETTERS", default=True)
EVENTBUS_EXAMPLES = env.flag("EVENTBUS_EXAMPLES", default=EVENTBUS_BACKEND == "mock")
# How many requests a minute the REST API takes, by one token or person, and by one address from
# nobody in particular.
EVENTBUS_API_RATE = env.number("EVENTBUS_API_RATE", 600)
EVENTBUS_API_ANONYMOUS_RATE = env.number("EVENTBUS_API_ANONYMOUS_RATE", 60)
# How many integrators an hour one such address registers.
EVENTBUS_REGISTRATION_RATE = env.number("EVENTBUS_REGISTRATION_RATE", 20)
# With it Prometheus reads /metrics; without one, signed-in people and API tokens alone do.
EVENTBUS_METRICS_TOKEN = env.text("EVENTBUS_METRICS_TOKEN")
# How many processes serve and work; see `runtime/checks.py`.
EVENTBUS_PROCESSES = env.number("EVENTBUS_PROCESSES", 1)

# Django -------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "eventbus_admin.accounts",
    "eventbus_admin.audit",
    "eventbus_admin.registry",
    "eventbus_admin.broker",
    "eventbus_admin.journal",
    "eventbus_admin.payloads",
    "eventbus_admin.reconcile",
    "eventbus_admin.feed",
    "eventbus_admin.deadletters",
    "eventbus_admin.integrators",
    "eventbus_admin.console",
    "eventbus_admin.api",
    "eventbus_admin.runtime",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
]

MIDDLEWARE = [
    # First, so that every answer bears its id.
    "eventbus_admin.audit.middleware.AuditGroupMiddleware",
    "eventbus_admin.runtime.access_log.AccessLogMiddleware",
    "eventbus_admin.runtime.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "eventbus_admin.runtime.addresses.NullCharacterMiddleware",
    "eventbus_admin.runtime.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "eventbus_admin.console.middleware.ContentSecurityPolicyMiddleware",
]

ROOT_URLCONF = "eventbus_admin.urls"
ASGI_APPLICATION = "eventbus_admin.asgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "console:login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "eventbus_admin.console.context.shell",
            ]
        },
    }
]

_SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
}


def _database() -> dict[str, Any]:
    url = env.text("DATABASE_URL")
    if not url:
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{VAR_DIR / 'eventbus.sqlite3'}"
    try:
        database: dict[str, Any] = dict(
            dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
        )
    except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError):
        # The parser's own text may quote a piece of the password.
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read. Write sqlite:///path or postgres://user:password@host/name."
        ) from None
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {**database.get("OPTIONS", {}), **_SQLITE_OPTIONS}
    elif database["ENGINE"].endswith("postgresql"):
        # Otherwise whoever connects to a silent server waits for minutes.
        database["OPTIONS"] = {"connect_timeout": 5, **database.get("OPTIONS", {})}
    return database


DATABASES = {"default": _database()}

REDIS_URL = env.url("REDIS_URL", ("redis", "rediss", "unix"))
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "eventbus_admin.cache.OptionalRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Without a host no mail is sent.
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 5
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "eventbus@localhost")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Behind https everything is https; on a plain loopback address browsers would refuse it.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PUBLIC_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PUBLIC_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PUBLIC_HTTPS
CSRF_TRUSTED_ORIGINS = [
    f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if PUBLIC_HTTPS and host != "*"
]
CSRF_FAILURE_VIEW = "eventbus_admin.api.outside.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The REST API; what its views have in common stands in `api/views/base.py`.
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = OPENAPI

DEFAULT_EXCEPTION_REPORTER_FILTER = "eventbus_admin.logs.SecretsFilter"
LOGGING = logging_config(env.text("LOG_LEVEL", "INFO"))
