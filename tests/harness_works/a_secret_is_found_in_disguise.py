"""A secret is found however it is written; what is allowed or harmless is not reported."""

import base64
import hashlib
import html
import json
from urllib.parse import quote

import pytest

from tests.harness.secrets import Search, Secret

PASSWORD = 'planted/pass"word&é+1'


@pytest.mark.parametrize(
    "text",
    [
        f"amqp://bus:{PASSWORD}@host",
        f"amqp://bus:{quote(PASSWORD, safe='')}@host",
        f"Basic {base64.b64encode(f'bus:{PASSWORD}'.encode()).decode()}",
        f"Basic {base64.b64encode(f'u:{PASSWORD}!'.encode()).decode()}",
        base64.urlsafe_b64encode(PASSWORD.encode()).decode(),
        json.dumps({"a": PASSWORD}),
        f"<p>{html.escape(PASSWORD)}</p>",
        hashlib.sha256(PASSWORD.encode()).hexdigest(),
        repr({"a": PASSWORD}),
    ],
)
def test_each_disguise(text: str) -> None:
    search = Search(Secret("the password", PASSWORD))
    search.look("text", "here", text)
    assert search.found
    assert search.found[0].startswith("the password in text here")


def test_what_is_allowed_or_is_not_there() -> None:
    search = Search(Secret("the password", PASSWORD))
    search.look("text", "here", PASSWORD, allowed=("the password",))
    search.look("text", "there", b"nothing of it")
    assert search.found == []
    assert search.looked_at["text"] == 2
