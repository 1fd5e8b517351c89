"""Discarding and taking it back, editing, and who may: each with an audit entry."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.deadletters import actions
from eventbus_admin.deadletters.choosing import MAX_SET, Chosen
from eventbus_admin.deadletters.models import DeadLetter, RetryRun, State
from eventbus_admin.deadletters.querysets import Wanted
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service
from tests.harness.dead_letters import payload_of, write_dead_letters
from tests.unit.deadletters.conftest import SERVICE, TYPE, Bench, state_of


@pytest.fixture
def letters(service: Service) -> list[DeadLetter]:
    return write_dead_letters(service, TYPE, number=3)


def test_discarded_ones_come_back_when_it_is_undone(
    letters: list[DeadLetter], member: User
) -> None:
    actor = Actor.person(member)
    done = actions.discard_dead_letters(actor=actor, chosen=Chosen(ids=[1, 2]))
    assert done.count == 2
    assert [state_of(one) for one in letters] == ["discarded", "discarded", "waiting"]

    assert actions.undo_discard(actor=actor, discard=done.id) == 2
    assert DeadLetter.objects.waiting().count() == 3
    with pytest.raises(ActionError, match="Nothing of this is left"):
        actions.undo_discard(actor=actor, discard=done.id)
    assert list(AuditEntry.objects.order_by("pk").values_list("actor_name", "verb")) == [
        ("mia", "discarded"),
        ("mia", "restored"),
    ]


def test_an_edited_one_is_handled_in_place_of_the_original(bench: Bench, member: User) -> None:
    bench.publish({"journal": "elfie"})
    (letter,) = bench.taken_in()
    bench.wrong = None

    actions.edit_and_retry(actor=Actor.person(member), letter=letter, text='{"journal": "elife"}')
    copy = DeadLetter.objects.get(original=letter)
    bench.until(lambda: state_of(copy) == State.HANDLED)

    assert bench.handled == [{"journal": "elife"}]
    assert (copy.edited_by, copy.event_id) == ("mia", letter.event_id)
    letter.refresh_from_db()
    assert letter.state == State.EDITED
    assert payload_of(letter) == {"journal": "elfie"}
    entry = AuditEntry.objects.get(verb="edited")
    assert (entry.object_name, entry.after["dead_letter"]) == (str(letter.pk), copy.pk)


def test_what_could_not_be_read_can_be_written_anew(bench: Bench, member: User) -> None:
    bench.put(b"{broken")
    (letter,) = bench.taken_in()
    bench.wrong = None
    text = '{"event": {"id": "e1", "eventType": "beginMecaExport", "payload": 7}}'
    actions.edit_and_retry(actor=Actor.person(member), letter=letter, text=text)
    bench.until(lambda: bench.handled == [7])
    assert DeadLetter.objects.get(original=letter).event_id == "e1"


@pytest.mark.parametrize(
    ("body", "text", "why"),
    [
        (None, "{", "it is not JSON"),
        (None, "x" * 300_000, "it is longer than 262,144 characters"),
        (b"junk", "[1]", "the body has no object 'event'"),
        (b"junk", '{"event": {"id": "e", "eventType": "_"}}', "'eventType' is wrong"),
    ],
)
def test_what_will_not_do_is_refused(
    service: Service, member: User, body: bytes | None, text: str, why: str
) -> None:
    fields = {"body": body, "decodable": False} if body else {}
    (letter,) = write_dead_letters(service, TYPE, **fields)
    with pytest.raises(ActionError, match=why):
        actions.edit_and_retry(actor=Actor.person(member), letter=letter, text=text)
    assert state_of(letter) == State.WAITING
    assert DeadLetter.objects.count() == 1


ATTEMPTS: dict[str, Callable[[Actor], object]] = {
    "retry": lambda actor: actions.retry_dead_letters(actor=actor, chosen=Chosen()),
    "discard": lambda actor: actions.discard_dead_letters(actor=actor, chosen=Chosen()),
    "edit": lambda actor: actions.edit_and_retry(
        actor=actor, letter=DeadLetter.objects.get(pk=1), text="{}"
    ),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_services_team_and_operators_may(
    name: str, letters: list[DeadLetter], stranger: User, viewer: User, member: User, operator: User
) -> None:
    for person in (stranger, viewer):
        with pytest.raises(NotAllowed, match="Only members of the team Journals or operators"):
            ATTEMPTS[name](Actor.person(person))
    with pytest.raises(NotAllowed):
        ATTEMPTS[name](Actor(SERVICE, service=SERVICE))
    assert DeadLetter.objects.waiting().count() == 3
    assert not AuditEntry.objects.exists()
    ATTEMPTS[name](Actor.person(member))
    DeadLetter.objects.update(state=State.WAITING)
    ATTEMPTS[name](Actor.person(operator))


def test_all_of_a_filter_needs_the_right_to_all_of_it(
    letters: list[DeadLetter], make_service: Callable[..., Service], member: User
) -> None:
    write_dead_letters(make_service("other", team="Strangers"), TYPE)
    with pytest.raises(NotAllowed, match="team Strangers"):
        actions.retry_dead_letters(actor=Actor.person(member), chosen=Chosen())
    mine = Chosen(wanted=Wanted(service=SERVICE))
    run = actions.retry_dead_letters(actor=Actor.person(member), chosen=mine)
    assert (run.total, run.what) == (3, "service meca-exporter")


def test_what_is_not_there_or_waits_no_more_is_said(
    letters: list[DeadLetter], member: User
) -> None:
    actor = Actor.person(member)
    with pytest.raises(ActionError, match="There is no dead letter 77"):
        actions.retry_dead_letters(actor=actor, chosen=Chosen(ids=[1, 77]))
    DeadLetter.objects.filter(pk=1).update(state=State.HANDLED)
    with pytest.raises(ActionError, match="None of these waits"):
        actions.discard_dead_letters(actor=actor, chosen=Chosen(ids=[1]))
    DeadLetter.objects.filter(pk=2).update(queue="")
    with pytest.raises(ActionError, match="Nobody can tell which queue"):
        actions.retry_dead_letters(actor=actor, chosen=Chosen(ids=[2]))
    assert not RetryRun.objects.filter(total=0).exists()


def test_too_many_at_once_are_refused(
    letters: list[DeadLetter], member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventbus_admin.deadletters.choosing.MAX_SET", 2)
    assert MAX_SET == 50_000
    with pytest.raises(ActionError, match="Narrow the filter"):
        actions.retry_dead_letters(actor=Actor.person(member), chosen=Chosen())
