"""Installations of the compose file's services, at servers of a test's own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.deployment.compose import Installation
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.process import ManagedProcess
from tests.harness.redis import RedisServer
from tests.harness.vhosts import Vhost

LEADS = r'"leads": true'


@pytest.fixture
def installation(
    tmp_path: Path, postgres: str, redis: RedisServer, rabbit: Vhost
) -> Iterator[Installation]:
    """The installation at servers of this test's own; the registry holds the example."""
    servers = {
        "database_url": postgres,
        "redis_url": redis.url,
        "amqp_url": rabbit.amqp_url,
        "management_url": rabbit.management_url,
    }
    with Installation(tmp_path, servers) as installation:
        for _ in range(2):  # after an update it runs again
            prepare = installation.start("prepare", EVENTBUS_EXAMPLES="1")
            assert prepare.wait(timeout=60) == 0, prepare.output_tail()
        yield installation


def start_web(installation: Installation, **settings: str) -> tuple[str, ManagedProcess]:
    """Start a console; returns its address."""
    port = free_port()
    process = installation.start("web", HOST=LOOPBACK, PORT=str(port), **settings)
    process.wait_for_line("Serving on", timeout=60)
    return f"{LOOPBACK}:{port}", process


def wait_ready(address: str, process: ManagedProcess) -> None:
    def ready() -> bool:
        process.check_running()
        assert requests.get(f"http://{address}/healthz", timeout=5).text == "ok"
        return requests.get(f"http://{address}/readyz", timeout=5).status_code == 200

    wait_until(ready, timeout=60, message=process.output_tail)


def sign_in(address: str, password: str) -> str:
    """Sign in as the first admin; returns the cookie."""
    with requests.Session() as session:
        page = session.get(f"http://{address}/login/", timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]}
        session.post(f"http://{address}/login/", form, timeout=10, allow_redirects=False)
        return f"sessionid={session.cookies['sessionid']}"
