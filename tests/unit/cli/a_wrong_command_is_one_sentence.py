"""What a command cannot use, or cannot do, is one sentence on standard error."""

from pathlib import Path

import pytest

from bus_core.cli import main

CLOSED = "amqp://guest:geheim@127.0.0.1:1/%2F"


@pytest.fixture(autouse=True)
def no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTBUS_AMQP_URL", raising=False)
    monkeypatch.delenv("EVENTBUS_AMQP_URL_FILE", raising=False)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("publish asked", 2, "give --url amqp://user:password@host/vhost, or set EVENTBUS_AMQP"),
        ("publish asked --url http://u:geheim@h", 2, "no event bus at 'http://…@h'"),
        ("publish asked --url amqp://[::1", 2, "not a URL"),
        ("publish asked --url amqp://h:port/", 2, "not an AMQP URL"),
        ("publish asked --url amqps://h/?ssl_options=(", 2, "not an AMQP URL"),
        ("publish asked --url amqps://h/?ssl_options={'ca_certs':'/no'}", 2, "not an AMQP URL"),
        ("publish as__ked --url memory://", 2, "The event type 'as__ked' is not valid"),
        ("publish asked {oops --url memory://", 2, "the payload is not JSON"),
        ("publish asked 1 --lines x --url memory://", 2, "not both"),
        ("publish asked --lines /does/not/exist --url memory://", 2, "cannot be read: No such"),
        (f"publish asked --url {CLOSED} --timeout 0.5", 1, "(waited 0.5 s at most)"),
        ("tail --url memory://", 2, "name the event types to watch"),
        ("tail asked --where nonsense --url memory://", 2, "'nonsense' is no condition"),
        ("tail as__ked --url memory://", 2, "The event type 'as__ked' is not valid"),
        (f"tail asked --url {CLOSED} --timeout 0.5", 1, "no answer from the broker after 0.5 s"),
        ("dead list --service a --url memory://", 1, "lives inside one process"),
        ("dead list --service a__b --url memory://", 2, "The service name 'a__b' is not valid"),
        (f"dead list --service a --url {CLOSED} --timeout 0.5", 1, "waited 0.5 s"),
        ("worker nowhere", 2, "'nowhere' is not a place: write package.module:bus"),
        ("worker no.such:bus", 2, "there is no module 'no.such' here"),
        ("worker json:dumps", 2, "give --url"),
        ("worker json:nothing", 2, "json has no event bus named 'nothing'"),
        ("worker json:dumps --url memory://", 2, "json has no event bus named 'dumps'"),
    ],
)
def test_it_says_what_to_do(
    command: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == code
    out, err = capsys.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("bus-core: ")]
    assert said in line
    assert "Traceback" not in err
    assert "geheim" not in err + out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "COMMAND"),
        ("dead", "VERB"),
        ("dead list", "--service"),
        ("dead list --service a --since yesterday", "write 90s, 30m, 2h, 7d"),
        ("dead list --service a --limit 0", "write a whole number from 1 to 65535"),
        ("worker a:b --processes many", "write a whole number from 1 to 256"),
        ("worker a:b --grace -1", "write seconds"),
        ("tail a --count 0", "write a whole number"),
    ],
)
def test_an_argument_that_cannot_be_read(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    ["", "worker", "publish", "tail", "dead", "dead list", "dead retry", "dead discard"],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert "example" in capsys.readouterr().out


def test_the_url_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "url"
    secret.write_text("memory://\n")
    monkeypatch.setenv("EVENTBUS_AMQP_URL_FILE", str(secret))
    assert main(["publish", "asked"]) == 0
    assert capsys.readouterr().out.startswith("asked_")
    secret.unlink()
    assert main(["publish", "asked"]) == 2
    assert "which cannot be read" in capsys.readouterr().err


def test_the_url_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENTBUS_AMQP_URL", "memory://")
    assert main(["publish", "asked"]) == 0
