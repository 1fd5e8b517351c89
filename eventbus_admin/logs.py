"""One line a log record: readable on a terminal, JSON where a machine collects it."""

import re
import sys
from typing import Any

import structlog
from django.views.debug import SafeExceptionReporterFilter


class SecretsFilter(SafeExceptionReporterFilter):
    """Hides in Django's error reports what URLs among the settings hold, besides the usual."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL$|LOCATION|HOSTS|^CHANNEL_LAYERS",
        re.IGNORECASE,
    )


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_SECRETS = re.compile(r"(?P<before>://[^\s/:@]*:|\b[a-z0-9]{10}\.)(?:[^\s/@]+(?=@)|[\w-]{43}\b)")
"""A URL's password, and an API token that somebody put where it does not belong."""


def _without_secrets(_logger: Any, _method: str, line: str) -> str:
    return _SECRETS.sub(r"\g<before>…", line)


def logging_config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING setting; `level` is the root logger's."""
    render: Any = (
        structlog.dev.ConsoleRenderer(colors=True)
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
        },
    }
