"""The whole product with planted passwords, on real servers that then refuse it and go away.

Nothing that its processes write at the most talkative level tells one, nor does any page or answer.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import redis as redis_client
import requests

from tests.e2e.conftest import ROOT, Product
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK
from tests.harness.postgres import PostgresServer
from tests.harness.process import ManagedProcess
from tests.harness.rabbitmq import RabbitNode
from tests.harness.redis import RedisServer
from tests.harness.secrets import Search, Secret

ADMIN = "planted-admin/password&1"
BROKER = "planted@broker:password/2"
REDIS = "planted-redis-password-3"
KEY = "planted-secret-key-0Zb7qXw4nT9cVf2Lk8sYh3Rj6mPd5GaE1uQoNiWx"
PAGES = (
    "/", "/feed/", "/event-types/", "/services/", "/services/meca-exporter/", "/subscriptions/",
    "/subscriptions/beginMecaExport/meca-exporter/", "/drift/", "/integrators/", "/audit/",
    "/nothing/", "/healthz", "/readyz", "/admin/", "/admin/accounts/user/",
)  # fmt: skip
READS = (
    "event-types/", "services/", "services/meca-exporter/credentials/", "subscriptions/",
    "publications/", "requests/", "invitations/", "audit/", "plan/", "runs/", "status/", "teams/",
    "tokens/", "events/", "schema/", "nothing/",
)  # fmt: skip


class Person:
    """A browser of the admin, and what it has read."""

    def __init__(self, product: Product, search: Search) -> None:
        self._url, self._search = product.url, search
        self.session = requests.Session()
        self.session.get(f"{self._url}/login/", timeout=10)
        who = {"username": "admin", "password": ADMIN, "csrfmiddlewaretoken": self.csrf}
        self.session.post(f"{self._url}/login/", who, timeout=10).raise_for_status()
        assert self.session.cookies["sessionid"]

    @property
    def csrf(self) -> str:
        """What a form has to bring back."""
        return str(self.session.cookies["csrftoken"])

    def make(self, what: str, path: str, body: Any, field: str) -> str:
        """Have something made over REST that is shown once, and look for it from now on."""
        answer = self.session.post(
            f"{self._url}/api/v1/{path}", json=body, headers={"X-CSRFToken": self.csrf}, timeout=10
        )
        assert answer.status_code == 201, answer.text
        text = str(answer.json()[field])
        self._search.add(Secret(what, text, (text.rpartition(".")[2],)))
        self._search.look("answers", path, answer.text, allowed=(what,))
        return text

    def look_around(self, token: str) -> list[int]:
        """Read pages and answers; returns how they ended."""
        statuses = []
        bearer = {"Authorization": f"Token {token}"}
        for kind, paths, headers in (
            ("pages", PAGES, {}),
            ("answers", [f"/api/v1/{path}" for path in READS], bearer),
        ):
            for path in paths:
                session: Any = self.session if kind == "pages" else requests
                answer = session.get(f"{self._url}{path}", headers=headers, timeout=60)
                self._search.look(kind, path, f"{answer.headers}\n{answer.text}")
                statuses.append(answer.status_code)
        return statuses


@pytest.mark.timeout(300)
def test_whatever_happens(
    start_product: Callable[..., Product],
    own_rabbit_node: RabbitNode,
    redis: RedisServer,
    tmp_path: Path,
) -> None:
    search = Search(
        Secret("the admin's password", ADMIN),
        Secret("the broker's password", BROKER),
        Secret("the password of Redis", REDIS),
        Secret("the secret key", KEY),
    )
    with PostgresServer() as postgres, own_rabbit_node.vhost() as vhost:
        # Given servers with planted passwords
        with redis_client.Redis(host=LOOPBACK, port=redis.port) as client:
            client.config_set("requirepass", REDIS)
        vhost.api("PUT", "users/planted", {"password": BROKER, "tags": "administrator"})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        vhost.api("PUT", "permissions/{vhost}/planted", everything)
        login = f"planted:{quote(BROKER, safe='')}@"
        amqp, management = urlsplit(vhost.amqp_url), urlsplit(vhost.management_url)
        database = postgres.url()
        search.add(Secret("the database's password", str(urlsplit(database).password)))
        env = {
            "SECRET_KEY": KEY,
            "EVENTBUS_BACKEND": "rabbitmq",
            "EVENTBUS_AMQP_URL": f"amqp://{login}{amqp.netloc.rpartition('@')[2]}{amqp.path}",
            "EVENTBUS_MANAGEMENT_URL": f"http://{login}{management.netloc.rpartition('@')[2]}",
            "EVENTBUS_ADMIN_PASSWORD": ADMIN,
            "EVENTBUS_EXAMPLES": "1",
            "DATABASE_URL": database,
            "REDIS_URL": f"redis://:{REDIS}@{LOOPBACK}:{redis.port}/0",
            "LOG_LEVEL": "DEBUG",
        }
        product = start_product(registry_of_the_story=True, **env)

        # When things are made that are shown once, and the product is looked at
        person = Person(product, search)
        search.add(Secret("a session's cookie", person.session.cookies["sessionid"]))
        token = person.make("a token", "tokens/", {"name": "a", "scopes": ["read"]}, "token")
        person.make("an invitation", "invitations/", {}, "code")
        person.make("a credential", "services/meca-exporter/credentials/", {}, "secret")
        statuses = person.look_around(token)
        assert statuses.count(200) == len(statuses) - 2, "all but the addresses of nothing"

        def command(*words: str, code: int) -> None:
            managed = ManagedProcess(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env={"EVENTBUS_VAR_DIR": str(tmp_path / "var"), **env},
            )
            with managed:
                assert managed.wait(timeout=60) == code, managed.output_tail()
                search.look("commands", " ".join(words), managed.output)

        command("check", "--tag", "broker", code=0)
        command("reconcile", "--json", code=0)

        # And when the broker refuses the password that it took before
        vhost.api("PUT", "users/planted", {"password": "another", "tags": "administrator"})
        for connection in vhost.api("GET", "connections"):
            vhost.api("DELETE", f"connections/{quote(connection['name'], safe='')}")
        wait_until(lambda: "refused our login" in broker_error(product, token), timeout=30)
        command("check", "--tag", "broker", code=1)
        command("reconcile", "--json", code=1)
        person.look_around(token)

        # And when the broker, Redis and the database go away
        own_rabbit_node.kill()
        wait_until(lambda: "cannot be reached" in broker_error(product, token), timeout=30)
        command("check", "--tag", "broker", code=1)
        person.look_around(token)
        redis.kill()
        person.look_around(token)
        postgres.kill()
        statuses = person.look_around(token)
        assert 500 in statuses or 503 in statuses

        # Then nothing that was written anywhere tells a secret
        written = product.process.output
        for line in written.splitlines():
            search.look("lines of the log", line[:80], line)
        print(f"\n{search}")
        assert search.found == []
        assert search.looked_at["lines of the log"] > 100
        levels = {json.loads(line)["level"] for line in written.splitlines() if line[:1] == "{"}
        assert {"debug", "info", "warning"} <= levels


def broker_error(product: Product, token: str) -> str:
    """Why the broker cannot be read, as the product says."""
    answer = requests.get(
        f"{product.url}/api/v1/status/", headers={"Authorization": f"Token {token}"}, timeout=10
    )
    return str(answer.json()["broker"]["error"])
