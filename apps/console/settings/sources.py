"""The sources of a workspace: other systems that tell what happens, each at a URL of its own."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.common.ids import ordered_id, uuid_in
from apps.console.page.page import PAGE, paged, show
from apps.console.settings.links import public
from apps.console.settings.source_form import SourceForm, about_forms, about_of
from apps.database import clocks
from apps.database.wakeups import publish_hint
from apps.events import store
from apps.events.models import Event
from apps.events.sources import COHORT_TOLD, OCCURRED
from apps.people.models import Cohort
from apps.sources.registry import DOORS
from apps.triggers import source_urls
from apps.triggers.models import ENVIRONMENTS, LoggedRequest, Source
from apps.triggers.source_ingest import entrance_of, take
from apps.workspaces.deletion_guards import keepers_of
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor

LATELY, MOST_COHORTS = 15, 20
MADE = "“{name}” is made. Set its sender up by the steps below, or send yourself a sample."


@require_safe
@editor
def sources(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Source.objects.of(membership.workspace).order_by("name")
    kinds = [(kind, cls.title, cls.icon) for kind, cls in DOORS.all().items()]
    facts = {"here": "settings", "tab": "sources", "page": paged(request, rows), "kinds": kinds}
    return show(request, "pages/settings/sources.html", membership, facts)


@require_http_methods(["GET", "HEAD", "POST"])
@editor
def source(request: HttpRequest, membership: Membership, pk: int = 0, kind: str = "") -> HttpResponse:
    found = _found(membership, pk, kind)
    form, about = SourceForm(request.POST or None, instance=found), about_forms(found, request.POST or None)
    if request.method == "POST" and form.is_valid() and about.is_valid():
        saved = form.saved(about_of(about))
        if not pk:
            source_urls.make_urls(saved, clocks.now())
        messages.success(request, f"“{saved.name}” is saved." if pk else MADE.format(name=saved.name))
        return redirect("source", membership.workspace.wsid, saved.pk)
    saved = Source.objects.filter(pk=found.pk).first()
    facts = {"here": "settings", "tab": "sources", "form": form, "about": about, "title": form.door.title}
    return show(request, "pages/settings/source.html", membership, {**facts, **(_shown(saved) if saved else {})})


def _found(membership: Membership, pk: int, kind: str) -> Source:
    if pk:
        return get_object_or_404(Source.objects.of(membership.workspace), pk=pk)
    if kind not in DOORS.all():
        raise Http404
    return Source(workspace=membership.workspace, kind=kind, name=DOORS.all()[kind].title)


def _shown(saved: Source) -> dict[str, Any]:
    now = clocks.now()
    urls = [url for url in saved.urls.order_by("environment", "-id") if url.is_open(now)]
    whole = [(url, public(reverse("source-url", args=[url.token]))) for url in urls]
    live = next(text for url, text in whole if url.environment == "live" and url.ends_at is None)
    return {
        "saved": saved,
        "urls": whole,
        "old": any(url.ends_at for url in urls),
        "steps": _steps(saved, live),
        "arrived": [_event(saved, row) for row in _events(saved).exclude(state="ignored")[:LATELY]],
        "unusable": [_event(saved, row) for row in _events(saved).filter(state="ignored")[:LATELY]],
        "requests": LoggedRequest.objects.filter(source=saved).order_by("-id")[:LATELY],
        "cohorts": Cohort.objects.of(saved.workspace).filter(source_id=saved.pk).order_by("-updated_at")[:MOST_COHORTS],
        "environments": [name for name, _ in ENVIRONMENTS],
        "users": keepers_of([saved]),
    }


def _steps(saved: Source, url: str) -> list[str]:
    parts = urlsplit(url)
    facts = {"url": url, "host": f"{parts.scheme}://{parts.netloc}", "path": parts.path}
    return [step.format(**facts) for step in DOORS.all()[saved.kind].steps]


def _events(saved: Source) -> Any:
    mine = Event.objects.of(saved.workspace).filter(source_id=str(saved.pk), kind__in=[OCCURRED, COHORT_TOLD])
    return mine.defer("raw").order_by("-id")


def _event(saved: Source, row: Event) -> dict[str, Any]:
    words = _of_cohort(row.body) if row.kind == COHORT_TOLD else DOORS.all()[saved.kind].words_of(row.body)
    return {"row": row, "words": words[:200]}


def _of_cohort(page: dict[str, Any]) -> str:
    count = len(page.get("members", ()))
    return f"who is in {page.get('name') or page.get('cohort')}: {page.get('action')} {count}"


@require_POST
@editor
def try_source(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Sends a sample to it, as its sender would; `environment`: to which of its URLs."""
    found = get_object_or_404(Source.objects.of(membership.workspace), pk=pk)
    url = found.urls.filter(environment=request.POST.get("environment", ""), ends_at=None).first()
    if url is None:
        raise Http404
    entrance, now = entrance_of(url.token), clocks.now()
    if entrance is None or entrance.door is None:
        messages.error(request, "Its secrets cannot be read here: type them again and save.")
        return redirect("source", membership.workspace.wsid, pk)
    answer = take(entrance, entrance.door.sample(f"sample-{ordered_id()}"), now)
    if answer.status < 300:
        messages.success(request, f"The sample was taken: answered {answer.status}. It stands under What arrived last.")
    else:
        messages.error(request, f"The sample was refused: answered {answer.status}.")
    return redirect("source", membership.workspace.wsid, pk)


@require_POST
@editor
def again(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """What was not usable is taken up again. `event`: the ids, at most a page of them."""
    found = get_object_or_404(Source.objects.of(membership.workspace), pk=pk)
    asked = [key for text in request.POST.getlist("event")[:PAGE] if (key := uuid_in(text))]
    mine = list(_events(found).filter(pk__in=asked).values_list("pk", flat=True))
    count = store.replay(mine, str(membership.user))
    publish_hint()
    messages.success(request, f"{count} event{' is' if count == 1 else 's are'} taken up again.")
    return redirect("source", membership.workspace.wsid, pk)


@require_POST
@editor
def change_source(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """`verb`: rotate-live, rotate-test, end-old or delete."""
    found = get_object_or_404(Source.objects.of(membership.workspace), pk=pk)
    match request.POST.get("verb", "").split("-"):
        case ["rotate", "live" | "test" as environment]:
            source_urls.rotate(found, environment, clocks.now())
            messages.success(request, "There is a new URL; the old one is taken for seven more days.")
        case ["end", "old"]:
            source_urls.end_old(found, clocks.now())
            messages.success(request, "Only the newest URLs are taken now.")
        case ["delete"]:
            return _deleted(request, membership, found)
        case _:
            raise Http404
    return redirect("source", membership.workspace.wsid, pk)


def _deleted(request: HttpRequest, membership: Membership, found: Source) -> HttpResponse:
    users = keepers_of([found])
    if users:
        messages.error(request, f"Not deleted: it is used by {', '.join(users[:5])}.")
        return redirect("source", membership.workspace.wsid, found.pk)
    found.delete()
    messages.success(request, f"“{found.name}” is deleted.")
    return redirect("sources", membership.workspace.wsid)
