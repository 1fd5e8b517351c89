"""One line a log record: readable on a terminal, JSON where a machine collects it.

A line says of itself which request it belongs to and who asks, or which run;
`docs/operations.md` says how to read them. No line holds a password or a token, whatever it was
told to say.
"""

import re
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog
from django.views.debug import SafeExceptionReporterFilter


class SecretsFilter(SafeExceptionReporterFilter):
    """Hides in Django's error reports what URLs among the settings hold, besides the usual."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL$|LOCATION|HOSTS|^CHANNEL_LAYERS",
        re.IGNORECASE,
    )


asking: ContextVar[Any] = ContextVar("asking", default=None)
"""The request that is being answered."""

HIDDEN = "…"
_SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key", re.IGNORECASE
)
_LOGIN = re.compile(r"(://[^\s/:@\"]*:)[^\s/@\"]+(?=@)")
"""The password in a URL."""
_TOKEN = re.compile(r"(\b[a-z0-9]{10}\.)[\w-]{43}(?![\w-])|(\b(?:sessionid|csrftoken)=)\w+")
"""An API token, or what a browser is known by."""
_DEPTH = 4


def _without_named_secrets(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Any:
    return {name: _hidden(value, name) for name, value in line.items()}


def _without_secrets(_logger: Any, _method: str, line: str) -> str:
    return _TOKEN.sub(rf"\1\2{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}", line))


def with_actor(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Any:
    """Add who asks, once that is known; finding out is not for the log to do."""
    if "actor" not in line and (name := _name_of(asking.get())):
        line["actor"] = name
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    with_actor,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING setting; `level` is the root logger's."""
    render: Any = (
        structlog.dev.ConsoleRenderer(
            colors=True, exception_formatter=structlog.dev.plain_traceback
        )
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _without_named_secrets,
                    render,
                    _without_secrets,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # pika logs every broken connection several times; the library says it once.
            "pika": {"level": "CRITICAL"},
            "uvicorn.access": {"level": "WARNING"},
            # Its debugging writes out what pages are filled with: secrets too, shown once.
            "django.template": {"level": "INFO"},
            # Every request has its line; Django's own would repeat what was refused.
            "django.request": {"level": "ERROR"},
        },
    }


def _hidden(value: Any, name: object = "", depth: int = 0) -> Any:
    if isinstance(name, str) and _SECRET_NAMES.search(name):
        return HIDDEN
    if depth == _DEPTH:
        return value
    if isinstance(value, dict):
        return {key: _hidden(one, key, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(one, "", depth + 1) for one in value]
    return value


def _name_of(request: Any) -> str:
    user = getattr(request, "__dict__", {}).get("user")
    # Django's user is read when it is first asked for; until then it holds an empty object.
    user = getattr(user, "_wrapped", user)
    if not getattr(user, "is_authenticated", False):
        return ""
    return str(getattr(user, "service", "") or getattr(user, "username", ""))
