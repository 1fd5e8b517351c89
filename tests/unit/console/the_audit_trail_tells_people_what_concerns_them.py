"""The console shows of the audit trail what the API does: operators all, others what is theirs."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.models import Subscription


@pytest.fixture
def entries(make_subscription: Callable[..., Subscription]) -> dict[str, AuditEntry]:
    """One about what the team Journals owns, and one about a user of the installation."""
    make_subscription("exportRequested", "export-manager")
    about = {"ours": ("service", "export-manager"), "theirs": ("service", "payments")}
    return {
        whose: AuditEntry.objects.create(
            actor_name="otto", verb="changed", object_kind=kind, object_name=name
        )
        for whose, (kind, name) in about.items()
    }


@pytest.mark.parametrize(
    ("who", "seen"),
    [("operator", {"ours", "theirs"}), ("member", {"ours"}), ("stranger", set())],
)
def test_list_entry_and_overview_show_what_concerns_the_reader(
    who: str,
    seen: set[str],
    entries: dict[str, AuditEntry],
    signed_in: Callable[[User], Client],
    request: pytest.FixtureRequest,
) -> None:
    browser = signed_in(request.getfixturevalue(who))
    listed, overview = (browser.get(path).content.decode() for path in ("/audit/", "/"))
    for whose, entry in entries.items():
        address = f"/audit/{entry.pk}/"
        assert (address in listed) == (whose in seen)
        assert (address in overview) == (whose in seen)
        assert (browser.get(address).status_code == 200) == (whose in seen)


def test_nobody_is_offered_names_from_entries_that_are_not_theirs(
    entries: dict[str, AuditEntry], stranger: User, signed_in: Callable[[User], Client]
) -> None:
    assert "otto" not in signed_in(stranger).get("/audit/").content.decode()
