"""`manage.py registry`: files, exit codes, and a question before anything is retired."""

import io
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.models import EventType, Subscription
from tests.unit.registry.as_code.conftest import exported

NOBODY = "There is no team Nobody, neither here nor in the registry."
NEW = "version: 1\nevent_types:\n  A: {owner: Journals}\n"


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


def run(*args: str | Path) -> tuple[int, str]:
    """Return exit code and output."""
    said = StringIO()
    try:
        call_command("registry", *map(str, args), stdout=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def file(tmp_path: Path, make_team: Callable[[str], Team]) -> Path:
    """A document with one new event type."""
    make_team("Journals")
    path = tmp_path / "registry.yaml"
    path.write_text(NEW)
    return path


def test_an_export_goes_to_a_file_or_to_standard_output(
    story: Subscription, tmp_path: Path
) -> None:
    path = tmp_path / "out.yaml"
    assert run("export", path) == (0, "")
    assert run("export") == (0, path.read_text()) == (0, exported())
    assert run("import", path, "--apply", "--prune") == (
        0,
        "Nothing to do: the registry is as the document says.\n",
    )


@pytest.mark.parametrize("how", [(), ("--plan",)])
def test_a_plan_changes_nothing_and_tells_scripts(how: tuple[str, ...], file: Path) -> None:
    said = "create event type A\n    + owner: Journals\n    + lifecycle: active\n1 to create.\n"
    assert run("import", file, *how) == (2, said)
    assert not EventType.objects.exists()


def test_applying_does_it_and_a_second_time_nothing(file: Path) -> None:
    code, said = run("import", file, "--apply")
    assert (code, said.splitlines()[-2:]) == (0, ["1 to create.", "Done."])
    assert EventType.objects.get().name == "A"
    assert run("import", file, "--plan")[0] == 0
    assert run("import", file, "--apply")[0] == 0


def test_standard_input_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(NEW))
    assert run("import", "-", "--apply")[0] == 0
    assert EventType.objects.exists()


def test_a_mistake_is_told_as_compilers_do(file: Path) -> None:
    file.write_text(NEW + "  B: {owner: Nobody}\nservices: {x: {}}\n")
    with pytest.raises(CommandError) as caught:
        run("import", file)
    assert caught.value.returncode == 1
    assert str(caught.value).splitlines() == [
        f"{file}:4: event_types.B.owner: {NOBODY}",
        f"{file}:5: services.x: This is new, so its team must be named: “owner: …”.",
    ]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_used_is_one_line(name: str, tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("import", tmp_path / name)
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", tmp_path / "nowhere" / "file")
    (tmp_path / "latin").write_bytes(b"\xe9")
    with pytest.raises(CommandError, match="not UTF-8"):
        run("import", tmp_path / "latin")


@pytest.mark.parametrize(("answer", "retires"), [("y\n", True), ("\n", False), ("", False)])
def test_pruning_asks_a_person(
    answer: str,
    retires: bool,
    file: Path,
    make_event_type: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_event_type("old")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    if retires:
        assert "This retires 1. Go on? [y/N]" in run("import", file, "--apply", "--prune")[1]
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            run("import", file, "--apply", "--prune")
    old = EventType.objects.get(name="old")
    assert (old.lifecycle == "retired", EventType.objects.filter(name="A").exists()) == (
        retires,
        retires,
    )


def test_where_nobody_can_be_asked_it_must_be_said(
    file: Path, make_event_type: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event_type("old")
    monkeypatch.setattr("sys.stdin", StringIO(""))
    with pytest.raises(CommandError, match="say --yes"):
        run("import", file, "--apply", "--prune")
    assert EventType.objects.get().lifecycle == "active"
    assert run("import", file, "--apply", "--prune", "--yes")[0] == 0
    assert EventType.objects.get(name="old").lifecycle == "retired"
