"""The registry as code: downloading it, looking at what a document would change, importing it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.console.access import PersonRequest, signed_in
from eventbus_admin.console.carrying import carried_out
from eventbus_admin.console.forms import ConsoleForm
from eventbus_admin.registry.as_code.document import MAX_BYTES, DocumentRefused, Problem
from eventbus_admin.registry.as_code.importing import import_document, plan_import
from eventbus_admin.registry.as_code.plan import Plan
from eventbus_admin.registry.as_code.reading import read
from eventbus_admin.registry.as_code.showing import lines_of
from eventbus_admin.registry.as_code.stored import read_stored
from eventbus_admin.registry.as_code.writing import as_yaml

FILE_NAME = "registry.yaml"
SHOWN = 500
_PAGE = "console/registry/page.html"


class DocumentForm(ConsoleForm):
    """A document, as a file or as a text."""

    file = forms.FileField(
        required=False, help_text=f"A YAML file, at most {MAX_BYTES // 1024:,} KiB."
    )
    document = forms.CharField(
        label="Or as text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "input--code", "spellcheck": "false"}),
    )
    prune = forms.BooleanField(label="Retire what it leaves out", required=False)
    plan = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Return the values, with the text of a file as the document."""
        values = super().clean() or {}
        if file := values.get("file"):
            try:
                values["document"] = file.read(MAX_BYTES + 1).decode()
            except UnicodeDecodeError:
                self.add_error("file", "This file is not UTF-8.")
        return values


@require_safe
@signed_in
def registry(request: PersonRequest) -> HttpResponse:
    """Show how to get the registry as a file, and how to change it by one."""
    return _page(request, DocumentForm())


@require_safe
@signed_in
def download(request: PersonRequest) -> HttpResponse:
    """Answer with the registry as a file."""
    Rights(Actor.person(request.user)).can_view().require()
    answer = HttpResponse(as_yaml(read_stored()), content_type="application/yaml")
    answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return answer


@require_POST
@signed_in
def plan(request: PersonRequest) -> HttpResponse:
    """Show what importing a document would change."""
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    sent = form.cleaned_data
    try:
        found = plan_import(read(sent["document"]), prune=sent["prune"])
    except DocumentRefused as error:
        return _page(request, _again(sent), problems=error.problems)
    return _page(request, _again(sent, found), plan=found)


@require_POST
@signed_in
def apply(request: PersonRequest) -> HttpResponse:
    """Import a document as it was planned."""
    form = DocumentForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    sent = form.cleaned_data
    try:
        done = carried_out(
            request,
            import_document,
            document=read(sent["document"]),
            prune=sent["prune"],
            plan=sent["plan"],
        )
    except DocumentRefused as error:
        return _page(request, _again(sent), problems=error.problems)
    if done is None:
        return _page(request, _again(sent))
    messages.success(request, f"Imported: {done.outcome}")
    return redirect("console:registry")


def _again(sent: dict[str, Any], plan: Plan | None = None) -> DocumentForm:
    """Return the form with the document as text, whether it was a file or not."""
    values = {"document": sent["document"], "prune": sent["prune"]}
    return DocumentForm(initial={**values, "plan": plan.id if plan else ""})


def _page(
    request: PersonRequest,
    form: DocumentForm,
    *,
    plan: Plan | None = None,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    changes = plan.changes if plan else ()
    context = {
        "form": form,
        "plan": plan,
        "problems": problems,
        "rows": [(change, lines_of(change)) for change in changes[:SHOWN]],
        "more": max(len(changes) - SHOWN, 0),
        "may_import": Rights(Actor.person(request.user)).can_operate("import the registry"),
    }
    return render(request, _PAGE, context, status=400 if problems else 200)
