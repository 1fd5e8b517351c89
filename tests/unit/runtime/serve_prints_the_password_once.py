"""The first run makes an admin and shows the password; nothing ever shows it again."""

import re
import signal
from collections.abc import Callable

import pytest
import requests

from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess

Manage = Callable[..., ManagedProcess]
STARTED = r"Open (http://127\.0\.0\.1:\d+/) and stop with Ctrl-C\."
SHOWN = r"Sign in as admin with the password (\S+) \(shown only this once\)\."


def sign_in(address: str, password: str) -> bool:
    """Whether this password opens the console."""
    with requests.Session() as session:
        page = session.get(f"{address}login/", timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        answer = session.post(
            f"{address}login/",
            {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]},
            timeout=10,
            allow_redirects=False,
        )
        return answer.status_code == 302


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_and_second_run(manage: Manage, number: signal.Signals) -> None:
    first = manage("serve")
    address = first.wait_for_line(STARTED, timeout=60)[1]
    password = first.wait_for_line(SHOWN)[1]
    assert sign_in(address, password)
    assert not sign_in(address, "another")
    assert first.output.count(password) == 1
    first.send_signal(number)
    assert first.wait(timeout=10) == 0

    second = manage("serve")
    second.wait_for_line(STARTED, timeout=60)
    assert "To set a new password: .venv/bin/python manage.py changepassword admin" in second.output
    assert password not in second.output
    assert sign_in(address, password)


def test_a_given_password_is_not_shown(manage: Manage) -> None:
    process = manage("serve", EVENTBUS_ADMIN_PASSWORD="correct-horse-battery")
    address = process.wait_for_line(STARTED, timeout=60)[1]

    assert "Sign in as admin with the password from EVENTBUS_ADMIN_PASSWORD." in process.output
    assert "correct-horse-battery" not in process.output
    assert sign_in(address, "correct-horse-battery")


def test_it_says_little_becomes_ready_and_ends_quietly(manage: Manage) -> None:
    process = manage("serve", EVENTBUS_EXAMPLES="1")
    address = process.wait_for_line(STARTED, timeout=60)[1]

    def ready() -> bool:
        return requests.get(f"{address}readyz", timeout=10).status_code == 200

    wait_until(ready, timeout=20, message=lambda: requests.get(f"{address}readyz").text)
    assert requests.get(f"{address}healthz", timeout=10).text == "ok"
    assert requests.get(f"{address}static/admin/css/base.css", timeout=10).ok

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    lines = process.output.splitlines()
    assert lines[-1] == "Stopped."
    assert len(lines) == 5, process.output
