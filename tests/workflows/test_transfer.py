"""Export and import: one document, nothing lost on its way, and nothing written from a poisoned one."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from apps.common.trouble import Refused
from apps.console.canvas import canvas_page
from apps.engine.drawing.graph import Edge, Graph, Node, Note, Position, parse_graph
from apps.engine.registry import NODES
from apps.engine.values.bounds import MAX_NODES
from apps.runs.models import Run
from apps.sources.registry import TRIGGERS
from apps.workflows import dependencies, example
from apps.workflows.models import Checklist, Version, Workflow
from apps.workflows.release import lifecycle, publishing
from apps.workflows.transfer import importing
from apps.workflows.transfer.document import Document, document_of, read
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.clock import drain, finish
from tests.support.draw import TRIGGER, calling, drawn, starting
from tests.support.outside import fire
from tests.support.threads import undone

SCHEMA = json.loads((Path(__file__).parents[2] / "static" / "schemas" / "workflow-1.json").read_text())
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
IDS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(IDS, inner, max_size=3),
    max_leaves=6,
)
PLACES = st.builds(Position, x=st.integers(-9999, 9999), y=st.floats(-9999, 9999))
BLOCKS = st.builds(
    Node,
    id=IDS,
    kind=st.sampled_from([*NODES.all(), *TRIGGERS.all()]),
    name=TEXT,
    settings=st.dictionaries(IDS, VALUES, max_size=3),
    position=st.none() | PLACES,
)
NOTES = st.builds(Note, id=st.from_regex(r"note-[a-z0-9]{1,8}", fullmatch=True), text=TEXT, position=PLACES)
DRAWINGS = st.builds(
    Graph,
    nodes=st.lists(BLOCKS, max_size=5, unique_by=lambda node: node.id).map(tuple),
    edges=st.lists(st.builds(Edge, source=IDS, outlet=IDS, target=IDS), max_size=5, unique_by=str).map(tuple),
    notes=st.lists(NOTES, max_size=2).map(tuple),
)


@pytest.fixture
def client(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


def exported(version: Version) -> dict:
    return json.loads(
        document_of(
            Version.objects.select_related("workflow__workspace", "workflow__trigger").get(pk=version.pk)
        ).text()
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawing=DRAWINGS, name=TEXT.filter(lambda t: t.isprintable() and t.strip()), note=TEXT)
def test_the_round_trip_loses_nothing(workspace, drawing: Graph, name: str, note: str) -> None:
    with undone():
        flow = publishing.create(workspace, f"Trip {name}"[:100])
        version = publishing.save(flow, drawing, by=None, now=timezone.now())
        lifecycle.describe(version, name, note)
        before = exported(version)
        Draft202012Validator(SCHEMA).validate(before)
        Workflow.objects.filter(pk=flow.pk).update(test=None)
        flow.delete()
        (back,) = importing.import_documents(
            workspace, [read(json.dumps(before).encode())], by=None, now=timezone.now()
        )
        after = exported(back)
        assert after == before
        assert (back.content_hash, back.layout, back.notes) == (version.content_hash, version.layout, version.notes)


def test_exported_deleted_and_imported_it_runs(client, workspace, payments, owner, clock, story) -> None:
    text = client.get(f"/w/{workspace.wsid}/workflows/{payments.slug}/export").content
    publishing.pause(payments, by=owner)
    payments.refresh_from_db()
    lifecycle.delete(payments)
    url = f"/w/{workspace.wsid}/import"
    page = client.post(url, {"file": SimpleUploadedFile("payments.json", text)})
    assert (
        "becomes v1 (Test) of a new workflow" in page.content.decode() and not Workflow.objects.of(workspace).exists()
    )
    answer = client.post(url, {"looked_at": page.context["sealed"]}, follow=True)
    assert "Its checklist is below" in answer.content.decode()
    flow = Workflow.objects.of(workspace).get()
    assert finish(example.url_of(flow, "test"), clock).status == "completed"


def test_a_document_has_no_secret_and_no_id_of_its_workspace(workspace, payments) -> None:
    secret = Secret(workspace=workspace, name="SHOP_TOKEN")
    secret.put("c4nary")
    secret.save()
    reminder = drawn(workspace, "Reminder", calling("SHOP_TOKEN"))
    starter = drawn(workspace, "Starter", starting(reminder.slug))
    text = json.dumps([exported(flow.test) for flow in (reminder, starter)])
    assert "c4nary" not in text and "SHOP_TOKEN" in text
    for hidden in (reminder.slug, starter.slug, workspace.wsid, reminder.trigger.test_token, secret.sealed):
        assert hidden not in text


def whole(**changes: object) -> dict:
    return {
        "format": "fynoflow.workflow",
        "format_version": 1,
        "origin": "abc",
        "name": "A",
        "drawing": {"nodes": [TRIGGER]},
        **changes,
    }


def block(**settings_: object) -> dict:
    return whole(drawing={"nodes": [TRIGGER, draw.stop("a", **settings_)]})


POISONED = {
    "no JSON": (b"{", "it is not JSON"),
    "a ZIP": (b"PK\x03\x04\xff", "not UTF-8"),
    "a list": (b"[]", "it is no workflow document"),
    "another format": (whole(format="n8n"), "it is no workflow document"),
    "another release": (whole(format_version=2), "“format_version” is not 1"),
    "no name": (whole(name=" "), "name: "),
    "an unknown key": (whole(owner="me"), "owner: "),
    "an unknown kind": (whole(drawing={"nodes": [{"id": "a", "kind": "shell"}]}), "no block of the kind 'shell'"),
    "__proto__": (block(**{"__proto__": {"admin": True}}), "'__proto__'"),
    "constructor": (block(deep=[{"constructor": 1}]), "'constructor'"),
    "prototype": (whole(source={"prototype": {}}), "'prototype'"),
    "2 MiB": (b'{"name": "' + b"x" * 2 * 1024 * 1024 + b'"}', "larger than 2 MiB"),
    "10,000 nodes": (
        whole(drawing={"nodes": [draw.stop(f"n{i}") for i in range(10_000)]}),
        f"at most {MAX_NODES}",
    ),
    "too deep": (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper"),
    "a key twice": (b'{"format": "a", "format": "b"}', "stands twice"),
    "an id that is none": (whole(drawing={"nodes": [draw.stop("../x")]}), "drawing.nodes.0.id"),
    "not a number": (b'{"x": NaN}', "NaN is not JSON"),
    "too many needs": (whole(needs=[{"what": "secret", "name": "x"}] * 3000), "needs: "),
}


@pytest.mark.parametrize("case", POISONED)
def test_a_poisoned_document_is_refused_in_words_and_nothing_is_written(client, workspace, case: str) -> None:
    document, said = POISONED[case]
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    before = (Workflow.objects.count(), Version.objects.count(), Checklist.objects.count())
    with pytest.raises(Refused) as refused:
        read(raw)
    assert said in str(refused.value)
    page = client.post(f"/w/{workspace.wsid}/import", {"file": SimpleUploadedFile("x.json", raw)})
    assert page.status_code == 200 and "Nothing was written" in page.content.decode()
    assert (Workflow.objects.count(), Version.objects.count(), Checklist.objects.count()) == before


def test_the_id_of_a_foreign_workflow_leads_nowhere(workspace, outsider) -> None:
    place = outsider.memberships.get().workspace
    theirs = drawn(place, "Theirs", {"nodes": [TRIGGER], "edges": []})
    document = read(json.dumps(whole(drawing=starting(theirs.slug))).encode())
    (plan,) = importing.plans(workspace, [document])
    assert [match.key for match in plan.matches] == [0]
    (version,) = importing.import_documents(workspace, [document], by=None, now=timezone.now())
    said = [p.message for p in publishing.defects(version.workflow, version.drawing()) if p.node == "go"]
    assert any("There is no workflow" in line for line in said)


def test_what_was_looked_at_cannot_be_changed_on_its_way_back(client, workspace) -> None:
    page = client.post(f"/w/{workspace.wsid}/import", {"text": json.dumps(whole())})
    sealed = page.context["sealed"]
    for wrong in (sealed[:-2], "", "x" + sealed):
        answer = client.post(f"/w/{workspace.wsid}/import", {"looked_at": wrong})
        assert "pick the file again" in answer.content.decode()
    assert not Workflow.objects.filter(name="A").exists()


def test_a_look_shows_the_problems_of_the_drawing_and_what_is_missing(client, workspace) -> None:
    lost = calling("SHOP_TOKEN")
    lost["edges"].append({"source": "api", "outlet": "success", "target": "nowhere"})
    page = client.post(f"/w/{workspace.wsid}/import", {"text": json.dumps(whole(drawing=lost))}).content.decode()
    assert "1 missing" in page and "SHOP_TOKEN" in page and "badge error" in page


def test_a_broken_drawing_is_taken_in_as_save_would_and_nothing_of_it_is_lost(workspace) -> None:
    broken = {"nodes": [TRIGGER, draw.http_request("a", url=5)], "edges": []}
    (version,) = importing.import_documents(
        workspace, [read(json.dumps(whole(drawing=broken)).encode())], by=None, now=timezone.now()
    )
    assert version.drawing().canonical() == parse_graph(broken).canonical()


def test_files_under_version_control_go_out_and_in_by_the_shell(workspace, payments, tmp_path) -> None:
    def said(*command: str) -> str:
        out = StringIO()
        call_command(*command, stdout=out)
        return out.getvalue()

    file = str(tmp_path / "payments.json")
    assert "is in" in said("export_workflow", workspace.wsid, "Payments", "--to", file)
    assert Path(file).read_text() == said("export_workflow", workspace.wsid, payments.slug, "--which", "v1")
    checked = said("import_workflow", workspace.wsid, file, "--check")
    assert "It becomes v2 of “Payments”" in checked and "matched  connection Test inbox" in checked
    assert payments.versions.count() == 1
    assert "has v2 now" in said("import_workflow", workspace.wsid, file)
    for wrong in (
        ("export_workflow", "nowhere", "Payments"),
        ("export_workflow", workspace.wsid, "None"),
        ("export_workflow", workspace.wsid, "Payments", "--which", "v9"),
        ("import_workflow", workspace.wsid, "/nowhere.json"),
    ):
        with pytest.raises(CommandError, match=r"There is no|Not exported|Not imported"):
            said(*wrong)


def test_a_document_is_the_same_text_each_time(payments) -> None:
    assert document_of(payments.live).text() == document_of(payments.live).text()
    assert isinstance(read(document_of(payments.live).text().encode()), Document)


def test_a_workflow_that_is_imported_after_what_starts_it_is_found_by_its_name(workspace, clock) -> None:
    child = draw.start_workflow("begin", workflow="Child one", wait=True)
    start = draw.webhook("start")
    edges = [{"source": "start", "outlet": "next", "target": "begin"}]
    parent = publishing.create(workspace, "Parent")
    version = publishing.save(parent, parse_graph({"nodes": [start, child], "edges": edges}), by=None, now=clock())
    assert [p.message for p in publishing.defects(parent, version.drawing()) if "Child one" in p.message]
    made = publishing.create(workspace, "Child one")
    end = draw.stop("end")
    drawn = parse_graph({"nodes": [start, end], "edges": [{"source": "start", "outlet": "next", "target": "end"}]})
    publishing.go_live(publishing.save(made, drawn, by=None, now=clock()), by=None, now=clock())
    assert not [p.message for p in publishing.defects(parent, version.drawing()) if p.severity == "error"]
    assert dependencies.who_uses(workspace, dependencies.WORKFLOW, "Child one") == [parent]
    shown = {node["id"]: node["settings"] for node in canvas_page.graph_of(version)["nodes"]}
    assert shown["begin"]["workflow"] == made.slug, "the canvas picks it by its id"
    publishing.go_live(version, by=None, now=clock())
    fire(example.url_of(Workflow.objects.get(pk=parent.pk), "live"), {"a": 1})
    drain(clock)
    assert sorted(Run.objects.values_list("workflow__name", "state")) == [
        ("Child one", "completed"),
        ("Parent", "completed"),
    ]
