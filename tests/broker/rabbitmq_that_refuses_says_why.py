"""A real node refuses us: each case has its sentence."""

from collections.abc import Callable, Iterator

import pytest

from bus_core.topology import Exchange, consumer_policy
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from tests.harness.vhosts import Vhost


def as_user(rabbit: Vhost, user: str, password: str, amqp_url: str = "") -> RabbitMQBroker:
    url = rabbit.management_url.replace("guest:guest", f"{user}:{password}")
    return RabbitMQBroker(management_url=url, amqp_url=amqp_url or rabbit.amqp_url)


@pytest.fixture
def make_user(rabbit: Vhost) -> Iterator[Callable[..., RabbitMQBroker]]:
    """Come as a user with these tags, and with these rights in the vhost or none."""
    user = f"user-of-{rabbit.vhost}"

    def make(tags: str, rights: str | None) -> RabbitMQBroker:
        rabbit.node.api("PUT", f"users/{user}", {"password": "p", "tags": tags})
        if rights is not None:
            body = dict.fromkeys(("configure", "write", "read"), rights)
            rabbit.api("PUT", f"permissions/{{vhost}}/{user}", body)
        return as_user(rabbit, user, "p")

    yield make
    rabbit.node.api("DELETE", f"users/{user}")


def test_a_wrong_password(rabbit: Vhost) -> None:
    with pytest.raises(BrokerRefused, match="refused our login") as caught:
        as_user(rabbit, "guest", "hunter2").observe()
    assert "hunter2" not in str(caught.value)


def test_a_user_without_any_tag(make_user: Callable[..., RabbitMQBroker]) -> None:
    with pytest.raises(BrokerRefused, match="Not management user"):
        make_user("", ".*").observe()


def test_a_user_who_sees_only_his_own(make_user: Callable[..., RabbitMQBroker]) -> None:
    with pytest.raises(BrokerRefused, match="tags monitoring and policymaker"):
        make_user("management", ".*").observe()


def test_a_user_without_rights_in_the_virtual_host(
    make_user: Callable[..., RabbitMQBroker],
) -> None:
    with pytest.raises(BrokerRefused, match="not authorised to access virtual host"):
        make_user("monitoring", None).observe()


def test_a_user_who_may_not_configure(make_user: Callable[..., RabbitMQBroker]) -> None:
    broker = make_user("monitoring", "^$")
    assert broker.observe().queues == ()
    with pytest.raises(BrokerRefused, match="Access refused"):
        broker.declare_exchange(Exchange(name="e"))


def test_monitoring_and_policymaker_are_enough(make_user: Callable[..., RabbitMQBroker]) -> None:
    broker = make_user("monitoring,policymaker", ".*")
    broker.declare_exchange(Exchange(name="e"))
    broker.put_policy(consumer_policy())
    assert broker.observe().policies == (consumer_policy(),)


def test_a_virtual_host_that_does_not_exist(rabbit: Vhost) -> None:
    url = rabbit.amqp_url + "-gone"
    with pytest.raises(BrokerRefused, match="-gone"):
        as_user(rabbit, "guest", "guest", url).observe()
