"""A service's permissions match what it needs and nothing beside it."""

import re
from itertools import product

import pytest

from bus_core.errors import InvalidName
from bus_core.rights import (
    NOTHING,
    Permissions,
    confined_permissions,
    declaring_permissions,
    service_of_user,
    user_name,
)

SERVICE = "meca-exporter"
PARTS = ("configure", "write", "read")

NAMES = (
    "event__Pub",
    "event__A.a",
    "event__B",
    "event__Other",
    "consumer__A.a__meca-exporter",
    "consumer__B__meca-exporter",
    "consumer__Pub__meca-exporter",
    "consumer__B__other",
    "service__meca-exporter",
    "dead__meca-exporter",
    "retry__meca-exporter__1000",
    "control__meca-exporter",
    "service__other",
    "dead__other",
    "retry__other__1000",
    "control__other",
    "bus__reports",
    "amq.default",
    "amq.gen-x",
    "tap__1",
    "",
)


def allowed(permissions: Permissions, part: str) -> set[str]:
    """Names that RabbitMQ would find the pattern in."""
    return {name for name in NAMES if re.search(getattr(permissions, part), name) and name}


def test_a_confined_service_writes_reads_and_declares_nothing() -> None:
    found = confined_permissions(SERVICE, publishes=["Pub"], listens=["A.a", "B"])
    assert found.configure == NOTHING
    assert allowed(found, "write") == {
        "event__Pub",
        "retry__meca-exporter__1000",
        "dead__meca-exporter",
        "bus__reports",
    }
    assert allowed(found, "read") == {
        "consumer__A.a__meca-exporter",
        "consumer__B__meca-exporter",
        "control__meca-exporter",
    }


def test_a_declaring_service_declares_and_binds_its_own() -> None:
    found = declaring_permissions(SERVICE, publishes=["Pub"], listens=["A.a", "B"])
    own = {
        "consumer__A.a__meca-exporter",
        "consumer__B__meca-exporter",
        "service__meca-exporter",
        "dead__meca-exporter",
        "retry__meca-exporter__1000",
    }
    assert allowed(found, "configure") == own | {"control__meca-exporter"}
    assert allowed(found, "write") == own | {"event__Pub", "bus__reports"}
    assert allowed(found, "read") == own | {"event__A.a", "event__B", "control__meca-exporter"}


def test_who_only_publishes_reads_nothing() -> None:
    found = confined_permissions(SERVICE, publishes=["Pub"])
    assert found == Permissions(write=r"^(?:event__Pub|bus__reports)$")


def test_who_has_nothing_may_do_nothing() -> None:
    found = confined_permissions(SERVICE)
    assert found == Permissions(configure=NOTHING, write=NOTHING, read=NOTHING)
    assert not any(allowed(found, part) for part in PARTS)


@pytest.mark.parametrize(
    "close", ["event__AXa", "xevent__A.a", "event__A.ax", "event__A.a\n\n", "event__A_a"]
)
def test_a_name_that_only_looks_alike_does_not_match(close: str) -> None:
    write = confined_permissions(SERVICE, publishes=["A.a"]).write
    assert re.search(write, "event__A.a")
    assert not re.search(write, close)


def test_the_order_in_which_types_come_does_not_matter() -> None:
    names = ["B", "A", "B"]
    one = confined_permissions(SERVICE, publishes=names, listens=names)
    assert one == confined_permissions(SERVICE, publishes=names[:2], listens=["A", "B"])


@pytest.mark.parametrize("make", [confined_permissions, declaring_permissions])
def test_an_impossible_name_is_refused(make: object) -> None:
    for values in ({"publishes": ["a|b"]}, {"listens": [".*"]}):
        with pytest.raises(InvalidName):
            make(SERVICE, **values)  # type: ignore[operator]
    with pytest.raises(InvalidName):
        make("no__way")  # type: ignore[operator]


SETS: tuple[tuple[str, ...], ...] = ((), ("A",), ("A", "B"), ("B",))


@pytest.mark.parametrize(("wide", "narrow"), list(product(SETS, SETS)))
def test_wider_rights_cover_narrower_ones(wide: tuple[str, ...], narrow: tuple[str, ...]) -> None:
    def rights(listens: tuple[str, ...]) -> Permissions:
        return confined_permissions(SERVICE, publishes=["Pub"], listens=listens)

    assert rights(wide).covers(rights(narrow)) is (set(narrow) <= set(wide))


def test_a_pattern_of_somebody_else_is_not_covered() -> None:
    ours = confined_permissions(SERVICE, publishes=["Pub"])
    assert not ours.covers(Permissions(read=".*"))
    assert not Permissions(read=".*").covers(Permissions(read="^(?:a)$"))
    assert Permissions(read=".*").covers(Permissions(read=".*"))


def test_a_users_name_says_whose_it_is() -> None:
    assert user_name(SERVICE, "a") == "bus__meca-exporter__a"
    assert service_of_user("bus__meca-exporter__b") == SERVICE
    for foreign in ("guest", "bus__meca-exporter", "bus__meca-exporter__c", "bus__reports"):
        assert service_of_user(foreign) is None
    with pytest.raises(ValueError, match="one of a, b"):
        user_name(SERVICE, "c")
