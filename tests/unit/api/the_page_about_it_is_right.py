"""What `docs/api.md` tells to type works as it stands there."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.registry.models import Service

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
CURLS = re.findall(r"^    (curl (?:.*\\\n)*.*)$", PAGE, re.MULTILINE)


def send(command: str, **replaced: str) -> HttpResponse:
    """Send what a curl command would."""
    for old, new in replaced.items():
        command = command.replace(old, new)
    words = shlex.split(command.replace("\\\n", " "))[1:]
    method, data, url, headers = "GET", "", "", {}
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-d":
                data = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case address:
                url = address
    parts = urlsplit(url)
    return Client().generic(  # type: ignore[return-value]
        method,
        f"{parts.path}?{parts.query}",
        data,
        content_type=headers.pop("Content-Type", ""),
        headers=headers,
    )


@pytest.mark.parametrize("command", CURLS)
def test_each_command(
    command: str,
    operator: User,
    make_token: Callable[..., tuple[ApiToken, str]],
    make_service: Callable[..., Service],
    make_event_type: Callable[..., object],
) -> None:
    # Given what the page speaks of
    text = make_token(operator)[1]
    make_event_type("exportRequested")
    make_service("export-manager")
    make_service("meca-exporter")
    get = f'curl -H "Authorization: Token {text}" https://x/api/v1/services/meca-exporter/'
    tag = send(get)["ETag"].strip('"')
    command = re.sub(r'(?<=If-Match: ")[^"]+', tag, command)

    # Then
    answer = send(command, **{"$TOKEN": text})
    assert answer.status_code in {200, 201}, answer.content


def test_there_are_some() -> None:
    assert len(CURLS) == 4


def test_all_scopes_are_named() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == TokenScope.values
