"""Whoever lacks a RabbitMQ, or the rights to run it, is told the way out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.installations import INSTALLED, RABBITMQ_4, Installation, RabbitMissingError
from tests.harness.rabbitmq import RabbitNode

NOBODY = 65_534


@pytest.fixture
def without_root() -> Iterator[None]:
    """For the time of a test."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(was)


def test_a_missing_one_names_the_command_that_installs_it(tmp_path: Path) -> None:
    """And nothing is left of the attempt."""
    node = RabbitNode(installation=Installation("scripts/make-it", tmp_path))
    with pytest.raises(RabbitMissingError, match="not installed; run: scripts/make-it"):
        node.start()
    assert node.folder is None


@pytest.mark.usefixtures("without_root")
def test_one_in_a_tree_of_its_own_takes_root() -> None:
    """Which the package of this system does not."""
    with pytest.raises(RabbitMissingError, match=r"takes root.*pytest -m"):
        RABBITMQ_4.check()
    INSTALLED.check()
