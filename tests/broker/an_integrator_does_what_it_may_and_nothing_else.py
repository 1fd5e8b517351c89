"""An integrator's credentials, issued by the action and applied by the reconciler, tried out."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pika
import pytest
import requests
from pika.adapters.blocking_connection import BlockingChannel

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.broker.users import connection_url
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence, Leadership
from eventbus_admin.registry.actions import (
    allow_publication,
    create_event_type,
    create_service,
    create_subscription,
    issue_credential,
)
from tests.harness.vhosts import Vhost

ME = "meca-exporter"
Deed = Callable[[BlockingChannel], object]


@pytest.fixture
def integrator_url(rabbit: Vhost, settings: Any, db: None) -> str:
    """What an integrator is told to connect to; it publishes Pub and listens to A.a and B."""
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_AMQP_URL = settings.EVENTBUS_PUBLIC_AMQP_URL = rabbit.amqp_url
    Team.objects.create(name="Journals")
    create_service(actor=SYSTEM, name=ME, owner="Journals", kind="integrator")
    create_service(actor=SYSTEM, name="other", owner="Journals")
    for name in ("Pub", "A.a", "B", "Other"):
        create_event_type(actor=SYSTEM, name=name, owner="Journals")
    for service, types in ((ME, ("A.a", "B")), ("other", ("A.a", "Pub"))):
        for event_type in types:
            create_subscription(
                actor=SYSTEM, service=service, event_type=event_type, retry_delays_ms=[1000]
            )
    allow_publication(actor=SYSTEM, service=ME, event_type="Pub")
    allow_publication(actor=SYSTEM, service="other", event_type="Other")
    issued = issue_credential(actor=SYSTEM, service=ME)
    fence = Leadership().renew()
    assert isinstance(fence, Fence)
    broker = RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url)
    done = reconcile_once(broker, fence=fence)
    assert (done.failed, done.plan.steps, done.applied) == ((), (), True)
    return connection_url(issued.credential.user, issued.secret)


# -- over AMQP ---------------------------------------------------------------------------------


def publish(exchange: str, key: str = "", **properties: Any) -> Deed:
    def deed(channel: BlockingChannel) -> None:
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, b"{}", pika.BasicProperties(**properties))

    return deed


def consume(queue: str, **arguments: Any) -> Deed:
    def deed(channel: BlockingChannel) -> None:
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(queue, lambda *_: None, arguments=arguments)

    return deed


def queue(name: str, **options: Any) -> Deed:
    return lambda channel: channel.queue_declare(name, **options)


def exchange(name: str, **options: Any) -> Deed:
    return lambda channel: channel.exchange_declare(name, "fanout", durable=True, **options)


def bind(name: str, source: str) -> Deed:
    return lambda channel: channel.queue_bind(name, source)


def unbind(name: str, source: str) -> Deed:
    return lambda channel: channel.queue_unbind(name, source)


def feed(destination: str, source: str) -> Deed:
    return lambda channel: channel.exchange_bind(destination, source)


def get(name: str) -> Deed:
    return lambda channel: channel.basic_get(name, auto_ack=True)


def purge(name: str) -> Deed:
    return lambda channel: channel.queue_purge(name)


def delete(name: str) -> Deed:
    return lambda channel: channel.queue_delete(name)


def delete_exchange(name: str) -> Deed:
    return lambda channel: channel.exchange_delete(name)


MY_QUEUE, MY_OTHER_QUEUE = f"consumer__A.a__{ME}", f"consumer__B__{ME}"
MY_KEPT = (f"dead__{ME}", f"retry__{ME}__1000", f"control__{ME}")
THEIRS = ("consumer__A.a__other", "dead__other", "retry__other__1000", "control__other")
STANDARD = tuple(f"amq.{kind}" for kind in ("direct", "fanout", "headers", "topic"))

ALLOWED: dict[str, Deed] = {
    "publish its event": publish("event__Pub"),
    "retry": publish(f"retry__{ME}__1000", MY_QUEUE),
    "give up": publish(f"dead__{ME}", MY_QUEUE),
    "report": publish("bus__reports"),
    "consume its queue": consume(MY_QUEUE),
    "consume its other queue": consume(MY_OTHER_QUEUE),
    "follow directives": consume(f"control__{ME}", **{"x-stream-offset": "last"}),
    "get from its queue": get(MY_QUEUE),
    "purge its queue": purge(MY_OTHER_QUEUE),
    "see its queue": queue(MY_QUEUE, passive=True),
    # Names and depths are no secret within a virtual host.
    "see another's queue": queue("consumer__A.a__other", passive=True),
    "see an event's exchange": exchange("event__Other", passive=True),
}

REFUSED: dict[str, Deed] = {
    "declare a queue": queue("mine"),
    "declare a durable queue": queue(f"consumer__Other__{ME}", durable=True),
    "declare an exclusive queue": queue("", exclusive=True),
    "declare its own queue": queue(MY_QUEUE, durable=True, arguments={"x-queue-type": "quorum"}),
    "declare another retry": queue(f"retry__{ME}__5", durable=True),
    "declare an exchange": exchange("mine"),
    "declare its event's exchange": exchange("event__Pub"),
    "declare its own door": exchange(f"service__{ME}"),
    "bind its queue to a foreign event": bind(MY_QUEUE, "event__Other"),
    "bind its queue to its event": bind(MY_QUEUE, "event__A.a"),
    "bind another's queue": bind("consumer__A.a__other", "event__Pub"),
    "unbind its queue": unbind(MY_QUEUE, "event__A.a"),
    "unbind another's queue": unbind("consumer__A.a__other", "event__A.a"),
    "feed an event into its event": feed("event__Pub", "event__Other"),
    "feed an event into its dead letters": feed(f"dead__{ME}", "event__A.a"),
    "feed an event into its retries": feed(f"retry__{ME}__1000", "event__Other"),
    "feed reports into its event": feed("event__Pub", "bus__reports"),
    "feed another's dead letters into its event": feed("event__Pub", "dead__other"),
    "feed its event into another's door": feed("service__other", "event__Pub"),
    **{f"publish {one}": publish(f"event__{one}") for one in ("A.a", "B", "Other")},
    "publish to its door": publish(f"service__{ME}", MY_QUEUE),
    "publish to another's door": publish("service__other", "consumer__A.a__other"),
    "retry for another": publish("retry__other__1000", "consumer__A.a__other"),
    "give up for another": publish("dead__other", "consumer__A.a__other"),
    **{
        f"publish straight into {one}": publish("", one)
        for one in (MY_QUEUE, *MY_KEPT, *THEIRS, "nowhere")
    },
    **{f"publish to {one}": publish(one) for one in STANDARD},
    **{f"consume {one}": consume(one) for one in (*MY_KEPT[:2], *THEIRS[:3])},
    "consume another's directives": consume("control__other", **{"x-stream-offset": "first"}),
    **{f"get from {one}": get(one) for one in (*MY_KEPT[:2], *THEIRS)},
    **{f"purge {one}": purge(one) for one in (*MY_KEPT[:2], *THEIRS)},
    **{f"delete {one}": delete(one) for one in (MY_QUEUE, *MY_KEPT, *THEIRS)},
    **{
        f"delete exchange {one}": delete_exchange(one)
        for one in ("event__Pub", "event__A.a", "event__Other", f"service__{ME}", "bus__reports")
    },
}


@pytest.fixture
def try_out(integrator_url: str) -> Iterator[Callable[[Deed], int]]:
    """Do something on a channel of its own; tell how the broker answered, 200 when it did it."""
    connection = pika.BlockingConnection(pika.URLParameters(integrator_url))

    def do(deed: Deed) -> int:
        channel = connection.channel()
        try:
            deed(channel)
            # Asked afterwards: an answer to this comes after one to the deed.
            channel.basic_qos(prefetch_count=1)
            channel.close()
        except pika.exceptions.ChannelClosedByBroker as error:
            return int(error.reply_code)
        return 200

    yield do
    connection.close()


def test_over_amqp_each_thing_is_allowed_or_refused_as_meant(
    try_out: Callable[[Deed], int],
) -> None:
    answers = {what: try_out(deed) for what, deed in {**ALLOWED, **REFUSED}.items()}
    assert {what for what, code in answers.items() if code == 200} == set(ALLOWED)
    assert {what: code for what, code in answers.items() if code not in {200, 403}} == {}
    print(f"\nover AMQP: {dict(Counter(answers.values()))} of {len(answers)} deeds")


def test_it_publishes_under_its_own_name_only(
    try_out: Callable[[Deed], int], integrator_url: str
) -> None:
    login = unquote(urlsplit(integrator_url).username or "")
    assert try_out(publish("event__Pub", user_id=login)) == 200
    assert try_out(publish("event__Pub", user_id="guest")) == 406


def test_what_was_refused_changed_nothing(try_out: Callable[[Deed], int], rabbit: Vhost) -> None:
    def looks() -> list[Any]:
        bindings = rabbit.api("GET", "bindings/{vhost}")
        names = [
            sorted(one["name"] for one in rabbit.api("GET", f"{kind}/{{vhost}}"))
            for kind in ("queues", "exchanges")
        ]
        return [*names, sorted(str(one) for one in bindings)]

    before = looks()
    for deed in REFUSED.values():
        try_out(deed)
    assert looks() == before


def test_it_has_no_other_virtual_host(integrator_url: str) -> None:
    elsewhere = urlsplit(integrator_url)._replace(path="/%2F").geturl()
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(elsewhere))


# -- over the management API -------------------------------------------------------------------


def test_the_management_api_is_closed_to_it(integrator_url: str, rabbit: Vhost) -> None:
    parts = urlsplit(integrator_url)
    login = unquote(parts.username or ""), unquote(parts.password or "")
    v, mine, me = quote(rabbit.vhost, safe=""), quote(MY_QUEUE), quote(login[0], safe="")
    take = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
    send = {"properties": {}, "routing_key": "", "payload": "{}", "payload_encoding": "string"}
    calls: list[tuple[str, str, object]] = [
        ("GET", "whoami", None),
        ("GET", "overview", None),
        ("GET", "users", None),
        ("GET", "definitions", None),
        ("GET", f"definitions/{v}", None),
        ("GET", f"permissions/{v}/{me}", None),
        ("GET", "connections", None),
        *(("GET", f"{kind}/{v}", None) for kind in ("queues", "exchanges", "bindings")),
        *(("POST", f"queues/{v}/{one}/get", take) for one in (mine, "dead__other")),
        *(
            ("POST", f"exchanges/{v}/{one}/publish", send)
            for one in ("event__Pub", "event__Other", "amq.default")
        ),
        ("POST", f"bindings/{v}/e/event__Other/q/{mine}", {}),
        *(("DELETE", f"queues/{v}/{one}", None) for one in (mine, "dead__other")),
        *(("DELETE", f"queues/{v}/{one}/contents", None) for one in (mine, "dead__other")),
        ("DELETE", f"exchanges/{v}/event__Pub", None),
        ("PUT", f"queues/{v}/mine", {"durable": True}),
        ("PUT", f"exchanges/{v}/mine", {"type": "fanout", "durable": True}),
        ("PUT", f"users/{me}", {"password": "mine", "tags": "administrator"}),
        ("PUT", f"permissions/{v}/{me}", {"configure": ".*", "write": ".*", "read": ".*"}),
        ("PUT", f"policies/{v}/mine", {"pattern": ".*", "definition": {"max-length": 1}}),
        ("DELETE", f"vhosts/{v}", None),
    ]
    base = f"http://{rabbit.management_url.rpartition('@')[2]}/api"
    answers = [
        requests.request(method, f"{base}/{path}", json=body, auth=login, timeout=30).status_code
        for method, path, body in calls
    ]
    assert set(answers) == {401}
    print(f"\nover the management API: {dict(Counter(answers))} of {len(answers)} calls")
