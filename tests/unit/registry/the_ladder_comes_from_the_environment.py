"""EVENTBUS_RETRY_DELAYS_MS is a rising list of milliseconds, or one line says what is wrong."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from eventbus_admin import environment

NAME = "EVENTBUS_RETRY_DELAYS_MS"


def read() -> tuple[int, ...]:
    return environment.rising_numbers(NAME, (1000, 60_000), most=86_400_000)


@pytest.mark.parametrize(
    ("written", "ladder"),
    [
        ("", (1000, 60_000)),
        ("5", (5,)),
        (" 5, 50 ,500", (5, 50, 500)),
        ("1,86400000", (1, 86_400_000)),
    ],
)
def test_what_is_read(
    written: str, ladder: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, written)

    assert read() == ladder


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "soon", "5,5", "50,5", "86400001", "1,two"])
def test_what_is_refused(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, written)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read()

    sentence = str(refusal.value)
    assert sentence.startswith(f"{NAME} is '{written}'; write rising whole numbers")
    assert "\n" not in sentence
