"""The OpenAPI document: as agreed, without warnings, and with examples that fit."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from eventbus_admin.api.views.document import document
from tests.unit.api.conftest import Program

SNAPSHOT = Path(__file__).with_name("openapi.json")
METHODS = {"get", "post", "patch", "delete"}

DOCUMENT = document()
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in METHODS
]


def test_it_is_the_one_that_was_agreed() -> None:
    # Write it anew with: manage.py spectacular --format openapi-json --file <the snapshot>
    assert json.loads(SNAPSHOT.read_text()) == json.loads(json.dumps(DOCUMENT, default=str))


def test_nothing_in_it_is_guessed(tmp_path: Path) -> None:
    call_command("spectacular", fail_on_warn=True, validate=True, file=str(tmp_path / "out.yml"))


def examples() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield every example with the schema that it should fit."""
    for name, operation in OPERATIONS:
        contents = {"request": operation.get("requestBody", {}).get("content", {})}
        contents |= {
            status: one.get("content", {}) for status, one in operation["responses"].items()
        }
        yield from _of(name, contents)
    refusals = DOCUMENT["components"]["responses"]
    yield from _of("refusal", {name: one["content"] for name, one in refusals.items()})


def _of(name: str, contents: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for part, content in contents.items():
        for described in content.values():
            for label, example in described.get("examples", {}).items():
                yield f"{name} {part} {label}", example["value"], described["schema"]


EXAMPLES = list(examples())


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_each_endpoint_has_words_and_an_example(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].endswith(".")
    named = [label for label, _, _ in EXAMPLES if label.startswith(f"{name} ")]
    if "204" not in operation["responses"]:
        assert [label for label in named if label.endswith(" Answer")]
    if "requestBody" in operation:
        assert f"{name} request Request" in named
    assert {"400", "401", "403", "429", "503"} < set(operation["responses"])


@pytest.mark.parametrize(("name", "example", "schema"), EXAMPLES)
def test_each_example_fits(name: str, example: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole).validate(example)


def test_anybody_may_read_it() -> None:
    answer = Program().get("schema/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    assert answer.json() == json.loads(SNAPSHOT.read_text())
