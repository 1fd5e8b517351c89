"""A list shows what its address says, and its links carry the rest of the address along."""

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from eventbus_admin.accounts.models import User
from eventbus_admin.console.filters import address, options
from eventbus_admin.reconcile.models import Health, SubscriptionStatus, Sync
from eventbus_admin.registry.models import Subscription


@pytest.fixture
def three(make_subscription: Callable[..., Subscription]) -> None:
    """A sick one, a healthy one that is missing, and a retired one."""
    sick = make_subscription("exportRequested", "export-manager")
    well = make_subscription("exportSuccessful", "submission")
    make_subscription("exportFailed", "notifier", state="retired")
    SubscriptionStatus.objects.create(
        subscription=sick, health=Health.NO_CONSUMERS, sync=Sync.IN_SYNC
    )
    SubscriptionStatus.objects.create(subscription=well, health=Health.HEALTHY, sync=Sync.MISSING)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"export-manager", "submission"}),
        ("?state=retired", {"notifier"}),
        ("?health=unwell", {"export-manager"}),
        ("?health=healthy", {"submission"}),
        ("?sync=missing", {"submission"}),
        ("?type=exportSuccessful", {"submission"}),
        ("?service=export-manager", {"export-manager"}),
        ("?q=requested manager", {"export-manager"}),
        ("?q=requested submission", set()),
        ("?owner=Journals", {"export-manager", "submission"}),
        ("?owner=Nobody", set()),
    ],
)
def test_subscriptions_are_narrowed(
    query: str,
    expected: set[str],
    three: None,
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    answer = signed_in(viewer).get(f"/subscriptions/{query}")
    assert {row.service.name for row, *_ in answer.context["rows"]} == expected


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions/?state=nonsense&health=%27&after=//&before=x",
        "/event-types/?after=&lifecycle=%27",
        "/services/?before=zzz",
        "/audit/?after=abc",
        "/audit/?after=999999999999999999999999",
        "/drift/?sync=nonsense&after=a",
        "/feed/?type=%ff",
    ],
)
def test_nonsense_in_the_address_breaks_nothing(
    path: str, three: None, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(viewer).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/subscriptions/?health=%00", "/feed/?%00", "/services/a%00b/"])
def test_a_null_character_in_the_address_is_refused(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.content == b"The address holds a null character; remove it."


def test_a_chip_keeps_the_other_filters_and_leaves_the_page() -> None:
    request = RequestFactory().get("/subscriptions/", {"q": "export", "after": "a/b", "state": ""})
    assert address(request, state="paused") == "?q=export&state=paused"
    chosen = options(request, "state", [("paused", "Paused")])
    assert [(one.label, one.current) for one in chosen] == [("All", True), ("Paused", False)]


def test_without_filters_the_address_is_the_bare_path() -> None:
    request = RequestFactory().get("/subscriptions/", {"state": "paused"})
    assert address(request, state="") == "/subscriptions/"
