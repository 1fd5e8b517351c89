"""The compose file publishes, stores and tells no more than it has to."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deployment.compose import (
    ROOT,
    SECRET_FILES,
    SECRETS,
    SERVICES,
    VOLUMES,
    Service,
    instructions,
    make_secrets,
)

OURS = [one for one in SERVICES.values() if one.is_ours]
SERVERS = {"rabbitmq": "rabbitmq", "postgres": "postgres", "redis": "redis"}
of_every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
of_ours = pytest.mark.parametrize("service", OURS, ids=[one.name for one in OURS])


def test_only_the_console_is_published_and_on_loopback() -> None:
    published = {name: one.said["ports"] for name, one in SERVICES.items() if "ports" in one.said}
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}
    assert [name for name, one in SERVICES.items() if "outside" in one.said["networks"]] == ["web"]


@of_every_service
def test_its_image_is_a_plain_name(service: Service) -> None:
    assert re.fullmatch(r"eventbus|[a-z]+:[a-z0-9.-]+", service.said["image"])
    assert re.fullmatch(r"python:3\.11[a-z0-9.-]*", instructions("FROM")[0])


@of_ours
def test_ours_may_change_nothing_outside_themselves(service: Service) -> None:
    said = service.said
    assert (said["read_only"], said["cap_drop"]) == (True, ["ALL"])
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in said, "the image's own account, which is not root"
    assert [line.partition(":")[0] for line in instructions("USER")] == ["10001"]


@pytest.mark.parametrize("name", ["web", *SERVERS])
def test_its_health_is_looked_at(name: str) -> None:
    check = SERVICES[name].said["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["timeout"]


def test_data_that_matters_is_on_volumes() -> None:
    mounted = {
        volume.partition(":")[0]: name
        for name, one in SERVICES.items()
        for volume in one.said.get("volumes", [])
    }
    assert mounted == {"rabbitmq": "rabbitmq", "postgres": "postgres"}
    assert sorted(mounted) == sorted(VOLUMES)


@of_every_service
def test_what_it_waits_for_can_come_true(service: Service) -> None:
    for name, how in service.said.get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[name].said
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[name].said["restart"] == "no"


@of_every_service
def test_secrets_are_files_and_it_has_those_that_it_reads(service: Service) -> None:
    for setting, value in service.environment.items():
        if re.search(r"PASSWORD|SECRET|_URL", setting):
            assert setting.endswith("_FILE")
            assert value in service.secrets.values()
    assert set(service.secrets) <= set(SECRET_FILES)
    read = re.findall(rf"{SECRETS}/([\w.]+)", str(service.said))
    assert set(read) <= set(service.secrets)


def test_the_settings_are_ones_that_the_admin_reads() -> None:
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "eventbus_admin/settings.py").read_text()))
    for name in ("prepare", "web", "worker"):
        named = {setting.removesuffix("_FILE") for setting in SERVICES[name].environment}
        assert named <= known


def test_the_image_has_what_is_locked_and_nothing_that_is_secret() -> None:
    (install,) = [line for line in instructions("RUN") if "pip install" in line]
    assert "--require-hashes -r requirements/run.txt" in install
    copied = {line.split()[0] for line in instructions("COPY")}
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} == {line for line in allowed if line.startswith("!")}
    assert allowed[1] == "*"


def test_the_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert "admin_password" in make_secrets(folder)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert {f"secrets/{name}" for name in before} == set(SECRET_FILES.values())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len({re.sub(r".*://", "", text) for text in before.values()}) == len(before)

    assert "nothing was changed" in make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("url", "server", "password_in"),
    [
        ("database_url", "postgres", "postgres_password"),
        ("redis_url", "redis", "redis.conf"),
        ("amqp_url", "rabbitmq", "rabbitmq.conf"),
        ("management_url", "rabbitmq", "rabbitmq.conf"),
    ],
)
def test_clients_know_the_passwords_of_their_servers(
    url: str, server: str, password_in: str, tmp_path: Path
) -> None:
    make_secrets(tmp_path / "secrets")
    parts = urlsplit((tmp_path / "secrets" / url).read_text().strip())
    assert parts.hostname == server
    assert parts.hostname in SERVICES
    assert parts.password
    assert len(parts.password) == 32
    assert parts.password in (tmp_path / "secrets" / password_in).read_text().split()
