"""Numbers and ids that differ each time are left out; what tells failures apart is not."""

import pytest

from eventbus_admin.deadletters.wording import MAX_CAUSE, cause_text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("", "nothing was said"),
        ("Traceback\n  File x\nValueError: no room", "ValueError: no room"),
        ("HTTPError: 503", "HTTPError: 503"),
        ("no room for article 64567", "no room for article …"),
        ("took 12345.678 s", "took … s"),
        (
            "no beginMecaExport_0b5d1d7e-52c0-4b8f-8d3e-5f1f6a7c9e11 here",
            "no beginMecaExport_… here",
        ),
        ("<Handler object at 0x7f9819ad8710> broke", "<Handler object at …> broke"),
        ("commit 5b1f0a528f3c4c52 is gone", "commit … is gone"),
        ("the feedback deadbeef was effaced", "the feedback deadbeef was effaced"),
        ("two   spaces\tand a tab", "two spaces and a tab"),
        ("nul \0 byte", "nul \N{REPLACEMENT CHARACTER} byte"),
    ],
)
def test_a_cause(error: str, text: str) -> None:
    assert cause_text(error) == text


def test_it_is_bounded_and_quick_however_long_the_error() -> None:
    assert len(cause_text("1,2.3:" * 100_000)) <= MAX_CAUSE
    assert len(cause_text("a" * 100_000)) == MAX_CAUSE
