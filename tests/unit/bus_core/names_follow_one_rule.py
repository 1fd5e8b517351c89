"""Names of event types and services: one rule, checked in one place."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bus_core.errors import InvalidName
from bus_core.names import MAX_LENGTH, check_name

LETTERS = string.ascii_letters
ALLOWED = LETTERS + string.digits + ".-_"
ALMOST_NAMES = st.text(st.sampled_from(ALLOWED + " _é\n"), max_size=MAX_LENGTH + 5)


def is_name(text: str) -> bool:
    """The rule in other words."""
    return (
        0 < len(text) <= MAX_LENGTH
        and text[0] in LETTERS
        and set(text) <= set(ALLOWED)
        and "__" not in text
        and not text.endswith("_")
    )


def accepted(text: str) -> bool:
    try:
        return check_name(text) == text
    except InvalidName:
        return False


@given(st.one_of(ALMOST_NAMES, st.text()))
@example("a_")
@example("a\n")
@example("a_\n")
@example("a" * MAX_LENGTH)
@example("a" * (MAX_LENGTH + 1))
@example("ａ")
def test_a_name_is_accepted_exactly_when_it_follows_the_rule(text: str) -> None:
    assert accepted(text) == is_name(text)


@pytest.mark.parametrize("value", [None, 5, b"name", ["name"]])
def test_what_is_not_text_is_not_a_name(value: object) -> None:
    with pytest.raises(InvalidName):
        check_name(value)  # type: ignore[arg-type]


def test_the_sentence_says_what_is_wrong_with_what() -> None:
    with pytest.raises(InvalidName, match="The event type 'two__parts' is not valid"):
        check_name("two__parts", "event type")
    with pytest.raises(InvalidName, match="The service name is 121 characters long"):
        check_name("a" * 121, "service name")
