"""What a log line would tell of a URL's password or of a token is left out when it is written."""

import json
import logging
from pathlib import Path

import pytest

from eventbus_admin.logs import logging_config

TOKEN = "k3v9x0q2ab.0Zb7qXw4nT9cVf2Lk8sYh3Rj6mPd5GaE1uQoNiWx-_A"


def written(text: str, *arguments: object) -> str:
    """Return what our formatter makes of a message."""
    made = logging_config("INFO")["formatters"]["line"]
    formatter = made.pop("()")(**made)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, text, arguments, None)
    return str(formatter.format(record))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("amqp://bus:secret-1@host/vhost", "amqp://bus:…@host/vhost"),
        ("to http://bus:a%2Fsecret@[::1]:15672/api is", "http://bus:…@[::1]:15672/api is"),
        ("amqp://:secret@a,amqp://b:secret@b", "amqp://:…@a,amqp://b:…@b"),
        ("redis://:secret@127.0.0.1:6379/0", "redis://:…@127.0.0.1:6379/0"),
        (f"Not Found: /api/v1/tokens/{TOKEN}/", "Not Found: /api/v1/tokens/k3v9x0q2ab.…/"),
        (f"Authorization: Token {TOKEN}", "Authorization: Token k3v9x0q2ab.…"),
    ],
)
def test_it_is_left_out(said: str, kept: str) -> None:
    for line in (written(said), written("it is %s", said)):
        assert kept in line
        assert "secret" not in line
        assert TOKEN[11:] not in line


@pytest.mark.parametrize(
    "text",
    [
        "GET http://127.0.0.1:8000/services/?q=a@b",
        "mail to ops@example.org at 18:39:11",
        "listening on http://[::1]:8000/ for bus@host",
        "exportRequested_4f0c8a5e-1f3a-4f57-8f0c-0c3f5b9f7a11 was handled",
        "abcdefghij.short",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert json.dumps(text)[1:-1] in written(text)


def test_a_page_is_not_logged_with_what_it_is_filled_with(tmp_path: Path) -> None:
    assert logging_config("DEBUG")["loggers"]["django.template"]["level"] == "INFO"
