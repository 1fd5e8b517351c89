"""Secrets are planted wherever the product handles one, and looked for wherever it says something.

Nobody may read them again but in the one answer that shows them: on no page, in no answer, no log
line of any level, no row, no error, no command's output and no `repr`.
"""

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core import serializers
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, reverse
from django.views import debug

from bus_core.connecting import connect, open_link
from bus_core.errors import BusError
from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.models import ApiToken, User
from eventbus_admin.api.models import KeptAnswer
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.factory import current_broker
from eventbus_admin.console import urls as console
from eventbus_admin.integrators.models import Invitation
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.desired import read_registry
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.registry.models import Credential
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.secrets import Search, Secret
from tests.unit.api.conftest import EVENT, REQUEST, RUN, Program
from tests.unit.api.who_may_call_what import CALLS

PASSWORD = "planted-password/of&a person"
WRONG = "planted-password-of-another-place"
SETTINGS = {
    "SECRET_KEY": "planted-secret-key-0Zb7qXw4nT9cVf2Lk8sYh3Rj6mPd5GaE1uQoNiWx",
    "EVENTBUS_AMQP_URL": "planted/amqp+password&1",
    "EVENTBUS_PUBLIC_AMQP_URL": "planted-public-password-2",
    "EVENTBUS_MANAGEMENT_URL": "planted@management:password-3",
    "EVENTBUS_ADMIN_PASSWORD": "planted-admin-password-4",
    "EMAIL_HOST_PASSWORD": "planted-mail-password-5",
}
SILENT_FOR_A_REASON = {"django.template"}
"""At DEBUG it writes out what pages are filled with."""


class Recorder(logging.Handler):
    """Keeps every record of every logger, as it would be written and with all that it bears."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[tuple[str, str]] = []
        handler = next(one for one in logging.root.handlers if _is_ours(one))
        self.setFormatter(handler.formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        bears = {**record.__dict__, "exc_info": None}
        shown = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.lines.append((record.name, f"{self.format(record)}\n{bears!r}\n{shown}"))


def _is_ours(handler: logging.Handler) -> bool:
    return type(handler.formatter).__name__ == "ProcessorFormatter"


@pytest.fixture
def logs() -> Iterator[Recorder]:
    """Everything that LOG_LEVEL=DEBUG logs, and what libraries that are silenced would."""
    names = set(logging.root.manager.loggerDict) - SILENT_FOR_A_REASON
    loggers = [logging.root, *map(logging.getLogger, names)]
    before = [(one, one.level, one.disabled) for one in loggers]
    recorder = Recorder()
    for one in loggers:
        one.setLevel(logging.DEBUG)
        one.disabled = False
    logging.root.addHandler(recorder)
    yield recorder
    logging.root.removeHandler(recorder)
    for one, level, disabled in before:
        one.setLevel(level)
        one.disabled = disabled


@dataclass
class Planted:
    """The product with secrets in it, and the search for them."""

    search: Search
    operator: User
    client: Client
    program: Program
    shown: dict[str, str]


@pytest.fixture
def planted(
    broker: MemoryBroker, operator: User, make_token: Callable[..., Any], settings: Any,
    logs: Recorder, make_event_type: Callable[..., Any],
) -> Planted:  # fmt: skip
    """Plant them, with a broker that does not answer, and have each shown its one time."""
    # In the settings, whose URLs lead to a port where nobody listens
    for name, text in SETTINGS.items():
        value = text
        if name.endswith("_URL"):
            scheme, tail = ("http", "") if "MANAGEMENT" in name else ("amqp", "/events")
            value = f"{scheme}://bus:{quote(text, safe='')}@{LOOPBACK}:{free_port()}{tail}"
        setattr(settings, name, value)
    search = Search(*(Secret(name, text) for name, text in SETTINGS.items()))
    ReconcileState.objects.update(reachable=False, error="RabbitMQ cannot be reached.")
    settings.EVENTBUS_BACKEND = "rabbitmq"
    settings.EVENTBUS_BUS_URL = settings.EVENTBUS_AMQP_URL
    settings.EVENTBUS_REGISTRATION = "invite"
    settings.EVENTBUS_API_RATE = settings.EVENTBUS_API_ANONYMOUS_RATE = 10**9

    # A person's password, typed right and wrong, and the cookie
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    operator.set_password(PASSWORD)
    operator.is_staff = operator.is_superuser = True
    operator.save()
    client = Client(raise_request_exception=False)
    for password in (WRONG, PASSWORD):
        answer = client.post("/login/", {"username": "otto", "password": password})
        search.look("pages", "/login/", answer.content)
    assert answer.status_code == 302
    search.add(
        Secret("a person's password", PASSWORD, (operator.password,)),
        Secret("a password that is wrong here", WRONG),
        Secret("a session's cookie", client.cookies["sessionid"].value),
    )

    # What is shown once, over REST and on pages
    make_event_type("unused")
    _, text = make_token(operator)
    bus, shown = Program(text), {}
    bus._client.raise_request_exception = False
    search.add(_token("a token", text))
    once = (
        ("a token made over REST", "tokens/", {"name": "a", "scopes": ["read"]}, "token"),
        ("an invitation made over REST", "invitations/", {"note": "a"}, "code"),
        (
            "a credential issued over REST",
            "services/export-manager/credentials/",
            {"anew": "beside"},
            "secret",
        ),
    )
    for what, path, body, field in once:
        answer = bus.post(path, body, Idempotency_Key=what.replace(" ", "-"))
        assert answer.status_code == 201, answer.content
        shown[what] = answer.json()[field]
        search.add(_token(what, shown[what]) if field == "token" else Secret(what, shown[what]))
        search.look("answers", path, answer.content, allowed=(what, "a token"))
        again = bus.post(path, body, Idempotency_Key=what.replace(" ", "-"))
        search.look("answers", path, again.content)
    client.post("/services/export-manager/credentials/revoke/", {"slot": "a"})
    page = client.post("/services/export-manager/credentials/reissue/", {"keep_old": "1"})
    shown["a credential issued on a page"] = page.context["secret"]
    page2 = client.post("/integrators/invite/", {"note": "b"})
    shown["an invitation made on a page"] = page2.context["code"]
    registered = Program().post(
        "integrators/",
        {
            "name": "crossref-exporter",
            "contact": "ops@example.org",
            "reason": "DOI deposits",
            "subscribes": ["exportRequested"],
            "invitation": shown["an invitation made on a page"],
        },
    )
    shown["the token of a registration"] = registered.json()["token"]
    search.add(_token("the token of a registration", shown["the token of a registration"]))
    for what in ("a credential issued on a page", "an invitation made on a page"):
        search.add(Secret(what, shown[what]))
    search.look("pages", "issued", page.content, allowed=("a credential issued on a page",))
    search.look("pages", "invited", page2.content, allowed=("an invitation made on a page",))
    search.look(
        "answers", "integrators/", registered.content, allowed=("the token of a registration",)
    )

    # And of each what is kept of it, which is nobody's to see either
    for number, one in enumerate(Credential.objects.exclude(password_hash__in=("", "x"))):
        search.add(Secret(f"the hash of credential {number}", one.password_hash))
    for number, kept in enumerate(Invitation.objects.exclude(code_hash="x")):
        search.add(Secret(f"the hash of invitation {number}", kept.code_hash))
    for number, one in enumerate(ApiToken.objects.all()):
        search.add(Secret(f"the digest of token {number}", one.digest))
    return Planted(search, operator, client, bus, shown)


def _token(what: str, text: str) -> Secret:
    return Secret(what, text, (text.partition(".")[2],))


def done(planted: Planted, logs: Recorder) -> None:
    """Look at what was logged, and at the end of it say what was found."""
    for name, line in logs.lines:
        planted.search.look("log records", name, line)
    print(f"\n{planted.search}")
    assert planted.search.found == []


def pages_of_the_console(object_pk: int) -> Iterator[str]:
    """Yield the address of every page."""
    for one in console.urlpatterns:
        assert isinstance(one, URLPattern)
        known: dict[str, Any] = {
            "name": "exportRequested" if "event-type" in str(one.pattern) else "export-manager",
            "event_type": "exportRequested",
            "service": "export-manager",
            "event_id": EVENT,
            "pk": object_pk,
        }
        if "requests/" in str(one.pattern):
            known["pk"] = REQUEST
        # What is not known here gets an address that leads to nothing, which is a page too.
        named = {
            name: RUN if type(converter).__name__ == "UUIDConverter" else known.get(name, 1)
            for name, converter in one.pattern.converters.items()
        }
        yield reverse(f"console:{one.name}", kwargs=named)


def test_no_page_shows_one(planted: Planted, logs: Recorder) -> None:
    paths = list(pages_of_the_console(BrokerObject.objects.earliest("pk").pk))
    for who, client in (("otto", planted.client), ("nobody", Client())):
        for path in paths:
            answer = client.get(path)
            assert answer.status_code in {200, 301, 302, 404, 405}, (path, answer.status_code)
            planted.search.look("pages", f"{path} to {who}", _whole(answer))
            if path == "/logout/":
                client.login(username="otto", password=PASSWORD)
                planted.search.add(
                    Secret("another session's cookie", client.cookies["sessionid"].value)
                )
    assert planted.search.looked_at["pages"] > 80
    done(planted, logs)


def test_djangos_admin_shows_none(planted: Planted, logs: Recorder) -> None:
    for model, page in admin.site._registry.items():
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths = [reverse(f"{label}_changelist")]
        for one in model._default_manager.all():
            paths += [reverse(f"{label}_{view}", args=[one.pk]) for view in ("change", "history")]
        for path in paths:
            answer = planted.client.get(path)
            assert answer.status_code == 200, (path, page)
            planted.search.look("pages of Django's admin", path, _whole(answer))
    assert planted.search.looked_at["pages of Django's admin"] > 40
    done(planted, logs)


def test_no_answer_shows_one(planted: Planted, logs: Recorder) -> None:
    texts = [*planted.shown.values(), "x.y", WRONG]
    programs = [planted.program, Program(), *map(Program, texts)]
    for bus in programs:
        for call in CALLS:
            if call.method == "GET":
                answer = bus.get(call.path.replace("…", "x"))
                planted.search.look("answers", str(call), _whole(answer))
    # Who may write gets what it made, and nothing of this
    for call in CALLS:
        if call.method != "GET" and call.path not in {"tokens/", "invitations/"}:
            answer = planted.program.call(call.method, call.path.replace("…", "x"), call.body)
            planted.search.look("answers", str(call), _whole(answer))
    for path in ("schema/", "docs/", "nowhere/", "/healthz", "/readyz", "/metrics"):
        planted.search.look("answers", path, _whole(planted.program.get(path)))
    # Secrets in the wrong place are not given back
    for text in texts:
        answer = planted.program.get("services/?search=1&cursor=1", X_Token=text)
        planted.search.look("answers", "a cursor", _whole(answer))
    assert planted.search.looked_at["answers"] > 200
    done(planted, logs)


def test_no_row_holds_one(planted: Planted, logs: Recorder) -> None:
    kept = {
        User: ("a person's password",),
        Credential: tuple(f"the hash of credential {number}" for number in range(9)),
        Invitation: tuple(one for one in planted.search._forms.values() if "invitation" in one),
        ApiToken: tuple(one for one in planted.search._forms.values() if "token" in one),
    }
    for model in apps.get_models():
        if model is Session:
            continue  # it is known by its cookie, and nobody but the server reads the table
        rows = serializers.serialize("json", model._default_manager.all())
        planted.search.look("tables", model._meta.label, rows, kept.get(model, ()))
        if model in kept:
            # Kept is a hash, never the text
            texts = [text.rpartition(".")[2] for text in (*planted.shown.values(), PASSWORD)]
            assert not [text for text in texts if text in rows]
    assert AuditEntry.objects.count() >= 8
    assert KeptAnswer.objects.count() == 3
    done(planted, logs)


def test_what_breaks_shows_none(
    planted: Planted, logs: Recorder, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Mistakes of ours in the middle of handling a secret."""

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a mistake")

    places = (
        "eventbus_admin.integrators.actions.registering.keep",
        "eventbus_admin.registry.actions.credentials.keep",
        "eventbus_admin.registry.tokens.record",
        "eventbus_admin.integrators.invitations._keep",
        "django.contrib.auth.forms.authenticate",
        "eventbus_admin.api.authentication.recognise",
        "django.middleware.common.CommonMiddleware.process_request",
    )
    reporter = settings.DEFAULT_EXCEPTION_REPORTER_FILTER
    for place in places:
        with monkeypatch.context() as patch:
            patch.setattr(place, broken)
            statuses = []
            for answer in _deeds(planted):
                planted.search.look("answers to what broke", place, _whole(answer))
                statuses.append(answer.status_code)
            assert 500 in statuses, place
    # And what Django tells a developer of settings hides what is in URLs
    shown = debug.get_exception_reporter_filter(None).get_safe_settings()
    planted.search.look("reports", reporter, repr(shown))
    done(planted, logs)


def _deeds(planted: Planted) -> Iterator[Any]:
    typed = {"username": "otto", "password": PASSWORD}
    yield Client(raise_request_exception=False).post("/login/", typed)
    yield planted.client.post("/services/export-manager/credentials/revoke/")
    yield planted.client.post("/services/export-manager/credentials/issue/")
    yield planted.client.post("/integrators/invite/", {"note": "x"})
    yield planted.program.post("services/export-manager/credentials/", {"anew": "replace"})
    yield planted.program.post("tokens/", {"name": "a", "scopes": ["read"]})
    yield planted.program.post("invitations/", {})
    sent = {"name": "other", "contact": "a@b.org", "reason": "x", "subscribes": ["unused"]}
    code = planted.shown["an invitation made over REST"]
    visitor = Program()
    visitor._client.raise_request_exception = False
    yield visitor.post("integrators/", {**sent, "invitation": code})
    yield visitor.post("integrators/", {**sent, "invitation": f"{code}x"})


def test_a_broker_that_is_away_makes_nothing_talk(planted: Planted, logs: Recorder) -> None:
    # Commands
    for command in (("check",), ("check", "--tag", "broker"), ("reconcile", "--json"),
                    ("reconcile", "--apply")):  # fmt: skip
        output, said = io.StringIO(), ""
        try:
            call_command(*command, stdout=output, stderr=output)
        except (CommandError, SystemExit) as error:
            said = "".join(traceback.format_exception(error))
        planted.search.look("commands", " ".join(command), output.getvalue() + said)

    # The reconciler, its pages, and a test event
    done_round = reconcile_once(current_broker(), fence=Leadership().renew())
    assert "cannot be reached" in done_round.error
    planted.search.look("errors", "a round", repr(done_round))
    for path in ("/", "/drift/", "/services/export-manager/"):
        planted.search.look("pages", path, planted.client.get(path).content)
    sent = {"to": "export-manager", "payload": {}}
    answer = planted.program.post("event-types/exportRequested/test-event/", sent)
    assert answer.status_code == 503
    planted.search.look("answers", "a test event", _whole(answer))

    # The library
    url = planted_url()
    link = open_link(url, client_name="test")
    bus = connect(url, service="export-manager")
    for broken in (lambda: link.publish("x", "", None, timeout=1).result(2),  # type: ignore[arg-type]
                   lambda: current_broker().observe()):  # fmt: skip
        try:
            broken()
        except (BusError, BrokerError, TimeoutError, AttributeError) as error:
            planted.search.look("errors", "away", "".join(traceback.format_exception(error)))
    for thing in (link, bus):
        planted.search.look("reprs", type(thing).__name__, f"{thing!r} {thing}")
        thing.close(1)
    done(planted, logs)


def planted_url() -> str:
    from django.conf import settings

    return str(settings.EVENTBUS_AMQP_URL)


def test_no_repr_tells_one(planted: Planted, logs: Recorder) -> None:
    broker = current_broker()
    client: Any = broker._api  # type: ignore[attr-defined]
    things = [broker, client, client._session, read_registry()]
    for model in set(apps.get_models()) - {Session}:
        things += list(model._default_manager.all())
    for thing in things:
        planted.search.look("reprs", type(thing).__name__, f"{thing!r} {thing}")
    done(planted, logs)


@pytest.mark.parametrize(
    "url",
    [
        "amqp://bus:{}@host:port/",
        "amqp//bus:{}@host/",
        "amqp://bus:{}/x@host",
        "amqp://bus:{}[x@host",
        "amqp://bus:{}℀@host/",
        "http://bus:{}@host/",
        "amqp://bus:{}@host/%2F?heartbeat=x",
        "amqp://bus:{}@host/%2F?ssl_options={{",
        "postgres://bus:{}@host/",
    ],
)
def test_a_wrong_url_is_not_repeated_with_its_password(url: str) -> None:
    search = Search(Secret("the password", "planted-password-of-a-url"))
    for ask in (lambda one: connect(one, service="a"), lambda one: open_link(one, client_name="a")):
        with pytest.raises(BusError) as refused:
            ask(url.format("planted-password-of-a-url"))
        text = "".join(traceback.format_exception(refused.value))
        search.look("errors", url, "\n".join(_said(text)))
    assert search.found == []


def _said(text: str) -> Iterator[str]:
    """Yield what a traceback says, without the lines of code that it quotes."""
    return (line for line in text.splitlines() if not line.startswith("    "))


def _whole(answer: Any) -> str:
    return f"{answer.headers}\n{answer.content.decode(errors='replace')}"
