"""What is wrong in a document is said with its line and key, all of it at once."""

from itertools import pairwise

import pytest

from eventbus_admin.registry.as_code.document import MAX_BYTES, DocumentRefused, Kind
from eventbus_admin.registry.as_code.reading import read, read_value

HEAD = "version: 1\n"
SUBSCRIPTION = HEAD + "services:\n  x:\n    subscribes:\n      A:\n"


def problems(text: str) -> list[tuple[int | None, str, str]]:
    """Return line, key and message of each."""
    with pytest.raises(DocumentRefused) as refused:
        read(text)
    return [(one.place.line, one.place.key, one.message) for one in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("", None, "", "empty"),
        ("# nothing\n", None, "", "empty"),
        ("teams: {}\n", 1, "", "“version: 1”"),
        ("version: 2\n", 1, "version", "1 is"),
        ("version: '1'\n", 1, "version", "1 is"),
        (HEAD + "servces: {}\n", 2, "servces", "Known: version, teams, event_types, services."),
        (HEAD + "teams: [a]\n", 2, "teams", "must be a mapping"),
        (HEAD + "teams:\n  A: {member: mia}\n", 3, "teams.A.member", "Known: description, contact"),
        (HEAD + "teams:\n  A:\n    contact: nobody\n", 4, "teams.A.contact", "not an e-mail"),
        (HEAD + "teams:\n  ' A': {}\n", 3, "teams. A", "no space around"),
        (HEAD + f"teams:\n  {'A' * 121}: {{}}\n", 3, f"teams.{'A' * 121}", "1 to 120 characters"),
        (HEAD + "event_types:\n  a__b: {}\n", 3, "event_types.a__b", "a__b"),
        (HEAD + "event_types:\n  A: {lifecycle: dead}\n", 3, "event_types.A.lifecycle", "draft"),
        (HEAD + "event_types:\n  A:\n    description: 7\n", 4, "event_types.A.description", "quot"),
        (HEAD + "services:\n  x: {kind: external}\n", 3, "services.x.kind", "integrator"),
        (HEAD + "services:\n  x: {password: a}\n", 3, "services.x.password", "no such key"),
        (
            HEAD + "services:\n  x:\n    publishes:\n      A: paused\n",
            5,
            "services.x.publishes.A",
            "retired",
        ),
        (SUBSCRIPTION + "        state: requested\n", 6, "services.x.subscribes.A.state", "paused"),
        (SUBSCRIPTION + "        attempts: ten\n", 6, "services.x.subscribes.A.attempts", "whole"),
        (SUBSCRIPTION + "        attempts: 0\n", 6, "services.x.subscribes.A.attempts", "ttempts"),
        (SUBSCRIPTION + "        attempts: true\n", 6, "services.x.subscribes.A.attempts", "whole"),
        (SUBSCRIPTION + "        delays_ms: 7\n", 6, "services.x.subscribes.A.delays_ms", "a list"),
        (
            SUBSCRIPTION + "        delays_ms: [a]\n",
            6,
            "services.x.subscribes.A.delays_ms",
            "whole",
        ),
        (HEAD + "teams:\n  A: {}\n  B: {}\n  A: {}\n", 5, "teams.A", "first stands in line 3"),
        (HEAD + "teams: &a\n  A: {}\n", 2, "", "Anchors"),
        (
            HEAD + "teams:\n  A: {description: !!python/name:os.system x}\n",
            3,
            "teams.A.description",
            "Tags",
        ),
        (HEAD + "---\nversion: 1\n", 3, "", "second document"),
        (HEAD + "teams: {\n", 3, "", "not YAML"),
        (HEAD + "? [a]\n: b\n", 2, "", "A key must be a name"),
    ],
)
def test_a_mistake(text: str, line: int | None, key: str, message: str) -> None:
    (found,) = problems(text)
    assert found[:2] == (line, key)
    assert message in found[2]


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    found = problems(SUBSCRIPTION + "        attempts: no\n        kind: slow\nevent_typs: {}\n")
    assert [line for line, _, _ in found] == [6, 7, 8]


def test_so_many_mistakes_are_told_and_no_more() -> None:
    found = problems(HEAD + "".join(f"a{number}: 1\n" for number in range(60)))
    assert len(found) == 51
    assert found[-1] == (None, "", "And 10 more.")


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = 'a: &a ["x","x"]\n' + "".join(
        f"{new}: &{new} [*{old},*{old},*{old}]\n" for old, new in pairwise("abcdefghi")
    )
    ((line, _, message),) = problems(bomb)
    assert (line, message) == (1, "Anchors (&) and aliases (*) cannot be used here.")


def test_what_is_nested_too_deep_is_refused() -> None:
    ((_, _, message),) = problems(HEAD + "teams: " + "[" * 99 + "]" * 99)
    assert message == "It is nested more than 64 deep."


def test_what_is_too_long_is_refused() -> None:
    ((_, _, message),) = problems("#" * (MAX_BYTES + 1))
    assert message == "The document is longer than 1,048,576 bytes."


def test_a_number_of_too_many_digits_is_a_sentence() -> None:
    ((line, key, message),) = problems(HEAD + f"event_types:\n  A: {{example: {'9' * 5000}}}\n")
    assert (line, key) == (3, "event_types.A.example")
    assert message == "This number has too many digits."


def test_without_text_there_are_keys_and_no_lines() -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_value({"version": 1, "services": {"x": {"kind": 7}}})
    (found,) = refused.value.problems
    assert str(found) == "services.x.kind: This must be text; put it into quotes."


@pytest.mark.parametrize("value", [None, 1, "version: 1", ["version"]])
def test_what_is_no_document_is_refused(value: object) -> None:
    with pytest.raises(DocumentRefused):
        read_value(value)


def test_only_what_json_writes_as_numbers_is_one() -> None:
    text = HEAD + "event_types: {A: {example: [.inf, 0x1F, 1_000, 1e3, 2024-01-01, no, 7, 1.5]}}\n"
    example = read(text).entries[Kind.EVENT_TYPE]["A"].values["example"]
    assert example == [".inf", "0x1F", "1_000", "1e3", "2024-01-01", "no", 7, 1.5]
