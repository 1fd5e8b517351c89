"""A service at an embedded broker, which can be made to give something up."""

from collections.abc import Iterator

import pytest

from tests.harness.giving_up import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A broker of this test's own."""
    scene = Scene()
    yield scene
    scene.link.close()
