"""A workflow as a file: exported, and imported after a look at what would come of it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from apps.common.trouble import Refused
from apps.console.page.page import asked, show
from apps.console.transfer.import_plan import shown_plans
from apps.database import clocks
from apps.workflows.transfer import importing
from apps.workflows.transfer.document import MAX_BYTES, Document, document_of, read
from apps.workflows.transfer.lookup import state_of, version_named, workflow_named
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

MAX_SEALED = settings.DATA_UPLOAD_MAX_MEMORY_SIZE - 10_000
SALT, KEPT_S = "fynoflow.import", 3600


@require_safe
@member
def export(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """The document as a file; `version`: a number, live or test, else the Live or the Test one."""
    try:
        version = version_named(workflow_named(membership.workspace, slug), asked(request, "version"))
    except Refused:
        raise Http404 from None
    text = document_of(version, state_of(version)).text()
    name = f"{slugify(version.workflow.name) or slug}-{version}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@editor
def import_document(request: HttpRequest, membership: Membership) -> HttpResponse:
    """A file or a text is looked at first; what comes back signed from that look is written."""
    facts: dict[str, Any] = {"here": "workflows", "text": request.POST.get("text", "")}
    try:
        if "looked_at" in request.POST:
            return _imported(request, membership, _unsealed(request.POST["looked_at"]))
        if request.method == "POST":
            document = read(_given(request))
            facts["plans"] = shown_plans(membership.workspace, importing.plans(membership.workspace, [document]))
            facts["sealed"] = _sealed(document)
            facts["source"] = document.source.words()
    except Refused as trouble:
        facts["trouble"] = trouble
    return show(request, "pages/import.html", membership, facts)


def _given(request: HttpRequest) -> bytes:
    """The file, else the text. Raises Refused."""
    file = request.FILES.get("file")
    if file is not None and file.size > MAX_BYTES:
        raise Refused(f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB: a workflow never is")
    raw = file.read() if file is not None else request.POST.get("text", "").encode(errors="replace")
    if not raw.strip():
        raise Refused("pick a file, or paste a document")
    return raw


def _sealed(document: Document) -> str:
    """What goes with the form and comes back from it. Raises Refused where that is too much for a form."""
    sealed = signing.dumps(document.model_dump_json(), salt=SALT, compress=True)
    if len(sealed) > MAX_SEALED:
        raise Refused("it is too large for a form: use `manage.py import_workflow`")
    return sealed


def _unsealed(text: str) -> Document:
    """What was looked at before, as it was then. Raises Refused."""
    try:
        return Document.model_validate_json(signing.loads(text, salt=SALT, max_age=KEPT_S))
    except signing.BadSignature:
        raise Refused("it was looked at too long ago: pick the file again") from None


def _imported(request: HttpRequest, membership: Membership, document: Document) -> HttpResponse:
    workspace = membership.workspace
    (version,) = importing.import_documents(workspace, [document], by=membership.user, now=clocks.now())
    messages.success(request, f"“{version.workflow}” has {version} now. Its checklist is below.")
    return redirect("workflow", workspace.wsid, version.workflow.slug)
