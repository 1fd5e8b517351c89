"""The pages for operators explain every state and metric, and alerts name real ones."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone

from eventbus_admin.broker.changes import Hearing
from eventbus_admin.reconcile.models import Health, ReconcileState, Sync
from eventbus_admin.runtime.metrics import local, stored
from eventbus_admin.runtime.metrics.text import render
from eventbus_admin.runtime.traffic import TRAFFIC

DOCS = Path(__file__).resolve().parents[3] / "docs"
WATCHING = (DOCS / "operations-watching.md").read_text(encoding="utf-8")
DEPLOYMENT = (DOCS / "deployment.md").read_text(encoding="utf-8")
METRIC = re.compile(r"\beventbus_[a-z_]+\b")
BLOCKS = re.findall(r"```yaml\n(.*?)```", DEPLOYMENT, re.DOTALL)
SCRAPE, RULES = map(yaml.safe_load, BLOCKS)


@pytest.fixture
def told(db: None) -> set[str]:
    """Every metric that there is."""
    ReconcileState.objects.create(observed_at=timezone.now())
    TRAFFIC.count(200, 0.1)
    text = render([*stored.families(), *local.families()])
    return {*re.findall(r"^# TYPE (\S+)", text, re.MULTILINE), "eventbus_database_up"}


def section(title: str) -> str:
    return WATCHING.split(f"\n## {title}")[1].split("\n## ")[0]


def rows(text: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))


def test_every_state_is_explained() -> None:
    assert rows(section("How an object compares")) == set(Sync.values)
    assert rows(section("How a subscription is")) == set(Health.values)
    assert rows(section("When changes on the broker are seen")) == {one.value for one in Hearing}


def test_every_metric_is_explained_and_no_other(told: set[str]) -> None:
    assert set(METRIC.findall(section("Metrics"))) == told


def test_alerts_name_metrics_and_states_that_there_are(told: set[str]) -> None:
    rules: list[dict[str, Any]] = RULES["groups"][0]["rules"]
    assert len(rules) == 4
    for rule in rules:
        named = set(METRIC.findall(rule["expr"]))
        assert named
        assert named <= told
        assert rule["annotations"]["summary"]
    asked = re.findall(r'(sync|health)=~?"([^"]+)"', " ".join(rule["expr"] for rule in rules))
    states = {"sync": set(Sync.values), "health": set(Health.values)}
    for label, values in asked:
        assert set(values.split("|")) <= states[label]


def test_prometheus_is_let_in_by_its_token() -> None:
    (job,) = SCRAPE["scrape_configs"]
    assert job["authorization"]["type"] == "Bearer"
