"""Whatever a line is told to say, passwords and tokens are not in it."""

import logging
import re

import pytest
import structlog

from tests.unit.runtime.lines import reading

TOKEN = f"ab12cd34ef.{'x' * 43}"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("cannot reach amqp://bus:hunter2@rabbit:5672/%2F", "amqp://bus:…@rabbit:5672/%2F"),
        (
            "of redis://:hunter2@redis/0, and postgres://a:hunter2@b",
            "redis://:…@redis/0, and postgres://a:…@b",
        ),
        (f"with Token {TOKEN}, refused", "with Token ab12cd34ef.…, refused"),
        ("Cookie: csrftoken=hunter2; sessionid=hunter2", "csrftoken=…; sessionid=…"),
    ],
)
def test_it_is_known_by_its_look(said: str, left: str) -> None:
    with reading() as lines:
        structlog.get_logger("any").info("said", what=said, among=[{"others": said}])
        logging.getLogger("a.library").warning(said)

    (line,) = lines.of("said")
    assert left in line["what"]
    assert left in line["among"][0]["others"]
    assert not {"hunter2", TOKEN} & set(re.split(r"[^\w.-]+", lines.text))


def test_it_is_known_by_its_name() -> None:
    with reading() as lines:
        structlog.get_logger("any").info(
            "said", password="hunter2", what={"API_KEY": "hunter2", "Cookie": "hunter2", "fine": 1}
        )

    (line,) = lines.of("said")
    assert line["password"] == "…"
    assert line["what"] == {"API_KEY": "…", "Cookie": "…", "fine": 1}


def test_an_error_tells_none_either() -> None:
    with reading() as lines:
        try:
            int("amqp://bus:hunter2@rabbit")
        except ValueError:
            structlog.get_logger("any").exception("failed")

    (line,) = lines.of("failed")
    assert "amqp://bus:…@rabbit" in line["exception"].splitlines()[-1]
    assert "hunter2" not in lines.text
