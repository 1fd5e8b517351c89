"""An import brings the registry to the document by its own actions: all of it, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry import actions
from eventbus_admin.registry.as_code.document import Document, DocumentRefused
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.as_code.showing import text_of
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.registry.revision import current_revision
from tests.unit.registry.as_code.conftest import changed, exported

HEAD = "version: 1\n"
LADDER = "delays_ms: [1000, 60000, 600000]"


def bring(document: Document | str, **options: Any) -> list[tuple[str, str, str]]:
    """Import it; returns what was done. A second time nothing is left to do."""
    document = read(HEAD + document) if isinstance(document, str) else document
    planned = plan_import(document, **options)
    done = import_document(actor=SYSTEM, document=document, plan=planned.id, **options)
    assert done == planned
    before = current_revision()
    assert import_document(actor=SYSTEM, document=document, **options).changes == ()
    assert current_revision() == before
    return [(one.verb, one.kind, one.name) for one in done.changes]


def refused(document: Document | str, **options: Any) -> str:
    """Return why it cannot be planned."""
    document = read(HEAD + document) if isinstance(document, str) else document
    before = exported()
    with pytest.raises(DocumentRefused) as error:
        plan_import(document, **options)
    with pytest.raises(DocumentRefused):
        import_document(actor=SYSTEM, document=document, **options)
    assert exported() == before
    return str(error.value)


def subscription(event_type: str, service: str) -> Subscription:
    return Subscription.objects.named(event_type, service).get()


# -- new things and changed ones ---------------------------------------------------------------


@pytest.mark.django_db
def test_an_empty_registry_is_filled() -> None:
    done = bring(
        "teams: {T: {}}\n"
        "event_types: {A: {owner: T}}\n"
        "services: {x: {owner: T, publishes: {A: }, subscribes: {A: }}}\n"
    )
    assert done == [
        ("create", "team", "T"),
        ("create", "event_type", "A"),
        ("create", "service", "x"),
        ("create", "publication", "A/x"),
        ("create", "subscription", "A/x"),
    ]
    one = subscription("A", "x")
    assert (one.state, one.kind, one.retry_attempts) == ("active", "quorum", 10)
    assert one.retry_delays_ms == [1_000, 60_000, 600_000]
    assert Publication.objects.get().state == "active"


def test_what_is_left_out_stays(story: Subscription) -> None:
    before = exported()
    assert bring("services: {crossref: {description: New.}}\n") == [
        ("change", "service", "crossref")
    ]
    assert exported() == before.replace(
        "    contact: ops@example.org\n", "    contact: ops@example.org\n    description: New.\n"
    )


def test_values_change_and_are_emptied(story: Subscription) -> None:
    done = bring(
        "event_types: {beginMecaExport: {description: '', example: null, lifecycle: deprecated}}\n"
        "services: {export-manager: {subscribes: {exportRequested: {prefetch: null, attempts: 3,"
        " delays_ms: [1000], state: paused}}}}\n"
    )
    assert done == [
        ("change", "event_type", "beginMecaExport"),
        ("change", "subscription", "exportRequested/export-manager"),
    ]
    begin = EventType.objects.get(name="beginMecaExport")
    assert (begin.description, begin.example, begin.lifecycle) == ("", None, "deprecated")
    one = subscription("exportRequested", "export-manager")
    assert (one.state, one.prefetch, one.retry_attempts, one.retry_delays_ms) == (
        "paused",
        None,
        3,
        [1_000],
    )


def test_the_plan_is_a_readable_difference(story: Subscription) -> None:
    document = changed(
        ("in two lines.", "in three\n      lines."),
        (
            "attempts: 10\n        delays_ms: [1000, 60000, 600000]\n        prefetch",
            "attempts: 3\n        prefetch",
        ),
    )
    assert text_of(plan_import(document)) == (
        "change event type beginMecaExport\n"
        "      description: |-\n"
        "        Said\n"
        "    -   in two lines.\n"
        "    +   in three\n"
        "    +   lines.\n"
        "change subscription exportRequested → export-manager\n"
        "    - attempts: 10\n"
        "    + attempts: 3\n"
        "2 to change."
    )


def test_of_a_long_value_only_the_changed_part_is_shown(story: Subscription) -> None:
    long = {f"k{number:05}": number for number in range(20_000)}
    EventType.objects.filter(name="exportRequested").update(example=long)
    text = text_of(plan_import(changed(("k10000: 10000", "k10000: 1"))))
    assert text == (
        "change event type exportRequested\n"
        "      example:\n"
        "      …\n"
        "        k09997: 9997\n"
        "        k09998: 9998\n"
        "        k09999: 9999\n"
        "    -   k10000: 10000\n"
        "    +   k10000: 1\n"
        "        k10001: 10001\n"
        "        k10002: 10002\n"
        "        k10003: 10003\n"
        "1 to change."
    )
    turned = "version: 1\nevent_types: {exportRequested: {example: [" + "a, " * 20_000 + "]}}\n"
    lines = text_of(plan_import(read(turned))).splitlines()
    assert len(lines) < 420
    assert "    - … 19,800 more lines" in lines


def test_a_service_moves_to_a_new_team(story: Subscription) -> None:
    bring("teams: {Exports: {contact: e@example.org}}\nservices: {crossref: {owner: Exports}}\n")
    assert Service.objects.get(name="crossref").owner.contact == "e@example.org"


# -- retiring and coming back ------------------------------------------------------------------


def test_a_type_retires_with_its_last_subscription(story: Subscription) -> None:
    done = bring(
        changed(
            (
                "exportRequested:\n    owner: Journals\n    lifecycle: active",
                "exportRequested:\n    owner: Journals\n    lifecycle: retired",
            ),
            ("state: active", "state: retired"),
            ("state: paused", "state: retired"),
        )
    )
    assert [(verb, kind) for verb, kind, _ in done] == [
        ("retire", "event_type"),
        ("retire", "subscription"),
        ("retire", "subscription"),
    ]
    assert EventType.objects.get(name="exportRequested").lifecycle == "retired"


def test_a_type_that_somebody_listens_to_does_not_retire(story: Subscription) -> None:
    why = refused("event_types: {exportRequested: {lifecycle: retired}}\n")
    assert why.splitlines() == [
        f"Line 2, event_types.exportRequested: exportRequested is retired here, but {service} "
        "listens to it. Retire the subscription too, or keep the event type."
        for service in ("crossref", "export-manager")
    ]


def test_nobody_begins_to_listen_to_a_retired_type(story: Subscription) -> None:
    why = refused(
        "services:\n  export-manager:\n    subscribes:\n      journalLeft:\n    publishes:\n"
        "      journalLeft:\n"
    )
    assert "Line 5, services.export-manager.subscribes.journalLeft: journalLeft is retired" in why
    assert "Line 7, services.export-manager.publishes.journalLeft: journalLeft is retired." in why


def test_a_retired_subscription_comes_back_as_it_was(story: Subscription) -> None:
    Subscription.objects.filter(event_type__name="journalLeft").update(
        retry_attempts=3, kind="ordered"
    )
    done = bring(
        "event_types: {journalLeft: {lifecycle: active}}\n"
        "services: {crossref: {subscribes: {journalLeft: {state: paused, prefetch: 1}}}}\n"
    )
    assert done == [
        ("change", "event_type", "journalLeft"),
        ("change", "subscription", "journalLeft/crossref"),
    ]
    one = subscription("journalLeft", "crossref")
    assert (one.state, one.kind, one.retry_attempts, one.prefetch) == ("paused", "ordered", 3, 1)


def test_a_retired_subscription_is_not_changed(story: Subscription) -> None:
    why = refused("services: {crossref: {subscribes: {journalLeft: {attempts: 3}}}}\n")
    assert "only a live one can be changed" in why


def test_a_publication_ends_and_comes_back(story: Subscription) -> None:
    said = "services: {{export-manager: {{publishes: {{beginMecaExport: {}}}}}}}\n"
    assert bring(said.format("retired")) == [
        ("retire", "publication", "beginMecaExport/export-manager")
    ]
    assert bring(said.format("active")) == [
        ("change", "publication", "beginMecaExport/export-manager")
    ]
    assert Publication.objects.get().state == "active"


def test_what_is_retired_and_was_never_there_is_a_note(story: Subscription) -> None:
    document = read(
        HEAD + "services: {export-manager: {subscribes: {journalLeft: {state: retired}}}}\n"
    )
    plan = plan_import(document)
    assert (plan.changes, plan.notes) == (
        (),
        ("There is no subscription journalLeft/export-manager, so there is nothing to retire.",),
    )


# -- pruning -----------------------------------------------------------------------------------


def test_pruning_retires_what_is_left_out_and_deletes_nothing(
    story: Subscription, make_subscription: Callable[..., Subscription]
) -> None:
    make_subscription("beginMecaExport", "waiting", state="requested")
    rows = [model.objects.count() for model in (EventType, Service, Publication, Subscription)]
    document = "event_types: {exportRequested: {owner: Journals}}\nservices: {export-manager: {}}\n"
    assert bring(document) == []
    plan = plan_import(read(HEAD + document), prune=True)
    assert bring(document, prune=True) == [
        ("retire", "event_type", "beginMecaExport"),
        ("retire", "publication", "beginMecaExport/export-manager"),
        ("retire", "subscription", "exportRequested/crossref"),
        ("retire", "subscription", "exportRequested/export-manager"),
    ]
    assert plan.notes == (
        "The team Journals stays: a team is not retired, only what belongs to it.",
        "The service crossref stays: a service is not retired, only what belongs to it.",
        "The service waiting stays: a service is not retired, only what belongs to it.",
    )
    assert subscription("beginMecaExport", "waiting").state == "requested"
    assert rows == [
        model.objects.count() for model in (EventType, Service, Publication, Subscription)
    ]


def test_a_type_that_is_listened_to_is_not_pruned(story: Subscription) -> None:
    document = "services: {export-manager: {subscribes: {exportRequested: }}}\n"
    assert bring(document) == []
    assert refused(document, prune=True) == (
        "Line 2, services.export-manager.subscribes.exportRequested: exportRequested is left out "
        "and would be retired, but export-manager listens to it. Write the event type down, or "
        "retire the subscription."
    )


# -- what cannot be done -----------------------------------------------------------------------


def test_a_queue_keeps_its_kind(story: Subscription) -> None:
    why = refused(
        changed(
            (
                f"kind: quorum\n        attempts: 10\n        {LADDER}\n        prefetch",
                "kind: classic\n        prefetch",
            )
        )
    )
    assert "services.export-manager.subscribes.exportRequested.kind: Its queue is quorum" in why
    assert "replace the queue on the subscription's page" in why


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("services: {crossref: {kind: internal}}\n", "crossref is an integrator one"),
        ("services: {new: {}}\n", "its team must be named"),
        ("event_types: {new: {}}\n", "its team must be named"),
        ("services: {crossref: {owner: Nobody}}\n", "There is no team Nobody, neither here"),
        ("services: {crossref: {subscribes: {B: }}}\n", "There is no event type B, neither here"),
        ("services: {crossref: {publishes: {B: }}}\n", "There is no event type B, neither here"),
        (
            "services: {crossref: {subscribes: {exportRequested: {prefetch: 2}}}}\n",
            "its prefetch is 1 or empty",
        ),
        (
            "services: {crossref: {subscribes: {exportRequested: {delays_ms: [5]}}}}\n",
            "5 ms is not on this bus's ladder",
        ),
        (
            "services: {crossref: {subscribes: {beginMecaExport: {concurrency: 1000}}}}\n",
            "between 1 and 256",
        ),
    ],
)
def test_a_sentence_says_why_not(document: str, why: str, story: Subscription) -> None:
    assert why in refused(document)


def test_who_asked_is_answered_by_a_person(
    story: Subscription, make_subscription: Callable[..., Subscription]
) -> None:
    for state in ("requested", "declined"):
        make_subscription("beginMecaExport", state, state=state)
        why = refused(
            f"services: {{{state}: {{subscribes: {{beginMecaExport: }}}}}}\n".replace(
                "beginMecaExport: ", "beginMecaExport: {state: active}"
            )
        )
        assert f"This was {state}, and an operator decides about it on the page Integrators." in why
    nothing = read(
        HEAD + "services: {declined: {subscribes: {beginMecaExport: {state: retired}}}}\n"
    )
    assert plan_import(nothing).changes == ()


def test_delays_in_use_stay_possible(story: Subscription, settings: Any) -> None:
    settings.EVENTBUS_RETRY_DELAYS_MS = (5_000,)
    assert (
        bring(
            changed(
                (
                    f"attempts: 10\n        {LADDER}\n        prefetch",
                    "attempts: 4\n        prefetch",
                )
            )
        )
        != []
    )


# -- who, and how often ------------------------------------------------------------------------


def test_a_step_that_fails_takes_all_others_back(
    story: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a rule is known to the actions alone."""

    def refuse(**_values: Any) -> None:
        raise ActionError("no", "Not today.")

    monkeypatch.setattr(actions, "create_subscription", refuse)
    before, entries = exported(), AuditEntry.objects.count()
    document = read(
        HEAD
        + "teams: {New: {}}\nservices: {crossref: {owner: New, subscribes: {beginMecaExport: }}}\n"
    )
    with pytest.raises(DocumentRefused) as error:
        import_document(actor=SYSTEM, document=document)
    assert str(error.value) == (
        "Line 3, services.crossref.subscribes.beginMecaExport: subscription beginMecaExport → "
        "crossref: Not today."
    )
    assert (exported(), AuditEntry.objects.count()) == (before, entries)


def test_it_is_one_group_in_the_audit_trail(story: Subscription, operator: User) -> None:
    before = current_revision()
    document = changed(
        ("kind: integrator", "kind: integrator\n    description: New."),
        ("attempts: 10", "attempts: 4"),
        ("state: retired\n        kind: quorum\n        attempts: 4", "state: retired"),
    )
    import_document(actor=Actor.person(operator), document=document)
    entries = list(AuditEntry.objects.order_by("id"))
    assert len({one.group for one in entries}) == 1
    assert {one.actor_name for one in entries} == {"otto"}
    assert [(one.verb, one.object_kind) for one in entries] == [
        ("imported", "registry"),
        ("changed", "service"),
        ("changed", "subscription"),
        ("changed", "subscription"),
    ]
    assert entries[0].after == {"create": 0, "change": 3, "retire": 0}
    assert current_revision() == before + 3


def test_only_operators_import(
    story: Subscription, member: User, stranger: User, viewer: User, operator: User
) -> None:
    document = changed(
        ("attempts: 10", "attempts: 4"),
        ("state: retired\n        kind: quorum\n        attempts: 4", "state: retired"),
    )
    before = exported()
    for person in (member, stranger, viewer):
        with pytest.raises(NotAllowed, match="Only operators may import the registry"):
            import_document(actor=Actor.person(person), document=document)
    assert exported() == before
    import_document(actor=Actor.person(operator), document=document)


def test_a_plan_is_refused_when_anything_changed_since(story: Subscription) -> None:
    document = read(HEAD + "services: {crossref: {description: New.}}\n")
    plan = plan_import(document)
    actions.change_service(actor=SYSTEM, service="export-manager", description="Other.")
    with pytest.raises(ActionError) as error:
        import_document(actor=SYSTEM, document=document, plan=plan.id)
    assert error.value.code == "stale_plan"
    assert Service.objects.get(name="crossref").description == ""


def test_another_document_is_another_plan(story: Subscription) -> None:
    one = plan_import(read(HEAD + "services: {crossref: {description: New.}}\n"))
    other = plan_import(read(HEAD + "services: {crossref: {description: Other.}}\n"))
    assert one.id != other.id
